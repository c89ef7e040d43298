/** Errors a server sends. They are not authenticated, so each stage believes them only as far as it must. */
import type { SrpId } from '#kernel/brand.ts'
import { decodeErrorMessage, type ErrorMessage } from '#protocol/exchange.ts'
import { type HandheldCode, isHandheldCode } from '#protocol/handheld-text.ts'
import { fail } from './ending.ts'
import { holdError, isRequest } from './request.ts'
import type { Run } from './state.ts'
import { log, showCode, type Turn } from './turn.ts'

/** The server sent a code this software does not know. */
const notUnderstood = 14
/** The proof is kept and judged once the administrator has approved this PIN: the run waits for that. */
const mustBeApproved = 15

export function onError(turn: Turn, from: SrpId, bytes: Uint8Array): void {
  const decoded = decodeErrorMessage(bytes)
  if (!decoded.ok) {
    log(turn, 'a malformed error was dropped', { from }, 'info')
    return
  }
  const { run } = turn.state
  const error = decoded.value
  const code = isHandheldCode(error.code) ? error.code : notUnderstood
  log(turn, 'a server sent an error', { from, code: error.code }, 'info')
  if (!run) {
    showCode(turn, code, error.triesLeft)
    return
  }
  if (error.txn !== undefined && error.txn !== run.txn) {
    log(turn, 'an error for another transaction was dropped', { from })
    return
  }
  duringRun(turn, run, from, error, code)
}

function duringRun(turn: Turn, run: Run, from: SrpId, error: ErrorMessage, code: HandheldCode): void {
  if (isRequest(run)) {
    holdError(turn, run, code)
    return
  }
  if (run.stage === 'confirming' || code === mustBeApproved) {
    showCode(turn, code, error.triesLeft)
    return
  }
  if (from === run.srpId) fail(turn, code, error.triesLeft)
}
