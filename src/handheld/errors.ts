/** Errors a server sends. They are not authenticated, so each stage believes them only as far as it must. */
import type { SrpId } from '#kernel/brand.ts'
import { decodeErrorMessage, type ErrorMessage } from '#protocol/exchange.ts'
import { type HandheldCode, isHandheldCode } from '#protocol/handheld-text.ts'
import { fail } from './ending.ts'
import { holdError, isRequest } from './request.ts'
import type { HandheldState } from './state.ts'
import { log, showWaiting, type Turn } from './turn.ts'

/** The numbers that servers send: every other text is a handheld's own, and never believed from outside. */
const serverCodes: readonly number[] = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 19]
/** The proof is kept and judged once the administrator has approved this PIN: the run waits for that. */
const mustBeApproved = 15

export function onError(turn: Turn, from: SrpId, bytes: Uint8Array): void {
  const decoded = decodeErrorMessage(bytes)
  if (!decoded.ok) {
    log(turn, 'a malformed error was dropped', { from }, 'info')
    return
  }
  const { code, triesLeft } = decoded.value
  const effect = isServerCode(code) ? effectOf(turn.state, from, decoded.value) : 'drop'
  log(turn, 'a server sent an error', { from, code, effect }, 'info')
  if (effect === 'drop' || !isServerCode(code)) return
  const { run } = turn.state
  if (effect === 'hold' && run && isRequest(run)) holdError(turn, run, code)
  else if (effect === 'fail') fail(turn, code, triesLeft)
  else showWaiting(turn, code, triesLeft)
}

const isServerCode = (code: number): code is HandheldCode & number =>
  serverCodes.includes(code) && isHandheldCode(code)

/** What an error may do here: it counts only where its transaction or key is ours and its sender is whom we hear. */
function effectOf(
  { run, account }: HandheldState,
  from: SrpId,
  { txn, kid, code }: ErrorMessage,
): 'hold' | 'fail' | 'show' | 'drop' {
  if (run && isRequest(run)) {
    if (txn === run.txn) return 'hold'
  } else if (run?.stage === 'proving') {
    if (txn === run.txn && from === run.srpId) return code === mustBeApproved ? 'show' : 'fail'
  } else if (run && from === run.srpId && (txn === run.txn || kid === run.link.kid)) return 'show'
  const ofAccount = account && (txn === account.txn || kid === account.link.kid)
  return ofAccount && account.servers.includes(from) ? 'show' : 'drop'
}
