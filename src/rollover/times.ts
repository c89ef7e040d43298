/** When a rollover begins by itself, is given up, and when the old key goes at the latest. */
import type { Rollover } from './rollover.ts'

const dayMs = 86_400_000

/** The handheld begins after the life of its key; the server gives it a day for that. */
const serverWaitsMs = dayMs
const offerLivesMs = 7 * dayMs
const answerLivesMs = 7 * dayMs
const oldKeyLivesMs = 7 * dayMs
/** So long without a rollover, and nothing but keys, policies, commands and acknowledgements goes out any more. */
const overdueMs = 60 * dayMs

const keyLifeDays = 30

/** A key that was made before this is due to be rolled over by the server. */
export const dueIfMadeBefore = (nowMs: number): number => nowMs - keyLifeDays * dayMs - serverWaitsMs

/** The same, told for one key. */
export const serverBeginsAtMs = (keySinceMs: number): number =>
  keySinceMs + keyLifeDays * dayMs + serverWaitsMs

export const isOverdue = (keySinceMs: number, nowMs: number): boolean => nowMs - keySinceMs >= overdueMs

/**
 * What time alone does. Whoever has sent its key check waits for the other side's word however long it takes: the other
 * may have switched already, and would else speak under a key that nobody has.
 */
export function timeOver(
  { phase, startedAtMs, phaseAtMs }: Rollover,
  nowMs: number,
): 'give_up' | 'end' | null {
  if (phase === 'offered') return nowMs - startedAtMs >= offerLivesMs ? 'give_up' : null
  if (phase === 'answered') return nowMs - phaseAtMs >= answerLivesMs ? 'give_up' : null
  if (phase === 'switched') return nowMs - phaseAtMs >= oldKeyLivesMs ? 'end' : null
  return null
}
