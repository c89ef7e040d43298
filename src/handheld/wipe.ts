/** Wiping: the intent is kept, its acknowledgement is waited for, and then everything goes in one write. */
import { type WipeScope, wipeScope } from '#protocol/it-command.ts'
import { screens } from './screen.ts'
import { type HandheldState, initialState } from './state.ts'
import type { WaitingWipe } from './state-orders.ts'
import { change, log, persist, sendPeers, showAnyway, type Turn } from './turn.ts'

/**
 * So long the acknowledgement may take to the relay, and what came behind the wipe to be judged; a handheld kept off the
 * air is erased all the same.
 */
const receiptWithinMs = 60 * 1000

export const newWipe = (scope: WipeScope, waitSeconds: number, nowMs: number): WaitingWipe => ({
  scope: scope === wipeScope.everything ? 'everything' : 'organisation',
  takenAtMs: nowMs,
  dueMs: nowMs + waitSeconds * 1000,
  receipted: false,
})

/** When the wipe that waits begins; null: none waits. What came before it begins may say that it is not wanted any more. */
export function wipeDueMs({ account, held }: Pick<HandheldState, 'account' | 'held'>): number | null {
  const wipe = account?.wipe
  if (!wipe) return null
  return wipe.receipted && held.length === 0
    ? wipe.dueMs
    : Math.max(wipe.dueMs, wipe.takenAtMs + receiptWithinMs)
}

/** The relay has the acknowledgement: a wipe that only waited for that begins. */
export function onWipeAckStored(turn: Turn): void {
  const { account, outbox } = turn.state
  // A newer wipe took the place of the one this was for: it has its own acknowledgement to wait for.
  if (!account?.wipe || outbox.some(({ wipes }) => wipes)) return
  change(turn, { account: { ...account, wipe: { ...account.wipe, receipted: true } } })
  wipeTimer(turn)
  persist(turn, 'receipt')
}

export function wipeTimer(turn: Turn): void {
  const due = wipeDueMs(turn.state)
  const scope = turn.state.account?.wipe?.scope
  if (due !== null && due <= turn.nowMs && scope) erase(turn, scope)
}

/** Taken later than now: the date was set back since, and the wait does not grow by that. */
export function inOurTime(wipe: WaitingWipe, nowMs: number): WaitingWipe {
  const backMs = wipe.takenAtMs - nowMs
  return backMs > 0 ? { ...wipe, takenAtMs: nowMs, dueMs: wipe.dueMs - backMs } : wipe
}

/**
 * What stays after `everything` is a handheld on its first start that has its PIN; after `organisation` also what is the
 * user's: the lock, and what an activation under way is about.
 */
export function erase(turn: Turn, scope: WaitingWipe['scope']): void {
  const { device, online, lock, run, failure, unanswered } = turn.state
  // The clock goes on: an activation that follows at once has to be dated by the relay's.
  const clean = { ...initialState({ ...device, relayGeneration: null }), online }
  turn.state = scope === 'everything' ? clean : { ...clean, lock, run, failure, unanswered }
  persist(turn, 'wiped')
  log(turn, 'this handheld was erased', { scope }, 'warn')
  showAnyway(turn, scope === 'everything' ? screens.erased : screens.organisationErased)
  sendPeers(turn)
  if (!turn.state.run) turn.actions.push({ kind: 'ended', code: 'erased', text: turn.state.screen })
}
