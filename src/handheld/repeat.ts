/** M3 and the key check are sent again, the same bytes, until the server answers. Each copy has its own mid. */

import { receiptStatus } from '#protocol/receipt.ts'
import type { Receipt } from '#protocol/relay-frame.ts'
import type { Repeat } from './state.ts'
import { newMid, type Turn } from './turn.ts'

const second = 1000
const minute = 60 * second
/** After the first copy, and after each log-in again. */
const copiesAtMs = [2 * second, 5 * second, 15 * second, 60 * second, 5 * minute]
const answerPauseMs = 2 * second
const laterEveryMs = 30 * minute
/** The organisation no longer serves this handheld: what is shown once it was `left`. */
export const leftCode = 18
/** A relay restored from a backup learns the lists anew, so a refusal counts only once it has lasted this long. */
const refusedForMs = 60 * minute

/** The first copy is being sent. */
export const firstCopy = (turn: Turn): Repeat => ({
  sent: 1,
  sinceMs: turn.nowMs,
  lastMs: turn.nowMs,
  dueMs: turn.nowMs + (copiesAtMs[0] ?? laterEveryMs),
  mid: newMid(turn),
  refusedSinceMs: null,
})

/** Another copy is being sent because its time has come. */
export const nextCopy = (turn: Turn, repeat: Repeat): Repeat => ({
  ...repeat,
  sent: repeat.sent + 1,
  lastMs: turn.nowMs,
  dueMs: dueAfter(repeat, turn.nowMs),
  mid: newMid(turn),
})

/** After a log-in the schedule begins at its start: what was sent before may be lost. */
export const freshCopy = (turn: Turn, repeat: Repeat): Repeat => ({
  ...firstCopy(turn),
  refusedSinceMs: repeat.refusedSinceMs,
})

/**
 * Whether a question that came again is answered now. Both ends answer a repeated key check with their own, so without
 * a pause two copies would chase each other for ever; a copy that has just left answers the question as well.
 */
export const mayAnswer = (repeat: Repeat, nowMs: number): boolean => nowMs - repeat.lastMs >= answerPauseMs

export const isDue = (repeat: Repeat | null | undefined, nowMs: number): boolean =>
  repeat?.dueMs !== null && repeat?.dueMs !== undefined && repeat.dueMs <= nowMs

/** What a receipt for the last copy means: `left` after an hour of refusals (E18). */
export function receiptForCopy(repeat: Repeat, receipt: Receipt, nowMs: number): Repeat | 'left' {
  const refusedSinceMs = refusedSince(repeat.refusedSinceMs, receipt, nowMs)
  return wasLeft(refusedSinceMs, nowMs) ? 'left' : { ...repeat, refusedSinceMs }
}

/** Since when the relay refuses without a break, with this receipt; null: it does not. */
export const refusedSince = (sinceMs: number | null, receipt: Receipt, nowMs: number): number | null =>
  receipt.status === receiptStatus.notListed ? (sinceMs ?? nowMs) : null

export const wasLeft = (refusedSinceMs: number | null, nowMs: number): boolean =>
  refusedSinceMs !== null && nowMs - refusedSinceMs >= refusedForMs

function dueAfter(repeat: Repeat, nowMs: number): number {
  const offsetMs = copiesAtMs[repeat.sent]
  return offsetMs === undefined ? nowMs + laterEveryMs : Math.max(repeat.sinceMs + offsetMs, nowMs + second)
}
