/** How a run ends before its time: with a code, or because the user cancelled it. An active account is not touched. */
import { type HandheldCode, handheldText } from '#protocol/handheld-text.ts'
import { change, persist, sendPeers, show, type Turn } from './turn.ts'

/** Ends the run with `code` and shows its text; without a run the text alone is shown. */
export function fail(turn: Turn, code: HandheldCode, triesLeft?: number): void {
  const text = handheldText(code, triesLeft)
  const { run } = turn.state
  if (!run) {
    show(turn, text, code)
    return
  }
  const { txn, address } = run
  const failure = { code, text, txn, address, atMs: turn.nowMs }
  const hadPeer = 'srpId' in run
  change(turn, { run: null, failure })
  persist(turn, 'failed')
  show(turn, text, code)
  // The list goes back to what it was: the server that did not prove itself can no longer reach us.
  if (hadPeer) sendPeers(turn)
  turn.actions.push({ kind: 'ended', code, text })
}

/** The user gave up: the run is erased and the list of servers is again the account's. */
export function onCancel(turn: Turn): void {
  const { run } = turn.state
  if (!run) return
  change(turn, { run: null, failure: null, screen: '', screenCode: null })
  persist(turn, 'cancelled')
  if ('srpId' in run) sendPeers(turn)
  turn.actions.push({ kind: 'ended', code: null, text: '' })
}
