/** One timer for all that is due: each handler looks at its own times, so a timer too early or too late does no harm. */
import { confirmingTimers } from './confirming.ts'
import { offlineTimer } from './login.ts'
import { flush } from './outbox.ts'
import { provingTimers } from './proving.ts'
import { isDue, nextCopy } from './repeat.ts'
import { requestTimers } from './request.ts'
import { rollingDueMs, rollingTimers } from './rolling-timers.ts'
import { silenceDueMs, silenceTimer } from './silence.ts'
import type { HandheldState, Run } from './state.ts'
import { change, sendPayload, type Turn } from './turn.ts'
import { lockDueMs, lockTimer } from './unlock.ts'
import { wipeDueMs, wipeTimer } from './wipe.ts'

export function onTimer(turn: Turn): void {
  wipeTimer(turn)
  lockTimer(turn)
  offlineTimer(turn)
  const { run } = turn.state
  switch (run?.stage) {
    case 'mailing':
    case 'waiting':
      requestTimers(turn, run)
      break
    case 'proving':
      provingTimers(turn, run)
      break
    case 'confirming':
      confirmingTimers(turn, run)
      break
    case undefined:
      break
  }
  accountTimers(turn)
  silenceTimer(turn)
  rollingTimers(turn)
  flush(turn)
}

/** When something is due next; null where only an event from outside can go on. */
export function nextDueMs(state: HandheldState): number | null {
  const outboxDues = state.online
    ? state.outbox.filter((entry) => !entry.sent).map((entry) => entry.dueMs)
    : []
  const dues = [
    state.offlineDueMs,
    ...runDues(state.run),
    state.account?.repeat?.dueMs ?? null,
    wipeDueMs(state),
    lockDueMs(state),
    ...outboxDues,
    state.online && state.account ? silenceDueMs(state.account) : null,
    ...(state.account ? rollingDueMs(state.account) : []),
  ]
  const times = dues.filter((due) => due !== null)
  return times.length === 0 ? null : Math.min(...times)
}

function runDues(run: Run | null): readonly (number | null)[] {
  if (!run) return []
  const common = [run.endsAtMs, run.hintDueMs]
  return 'repeat' in run
    ? [...common, run.repeat.dueMs]
    : [...common, run.askDueMs, run.heldError?.dueMs ?? null]
}

function accountTimers(turn: Turn): void {
  const { account } = turn.state
  const to = account?.servers[0]
  if (!account?.repeat || !to || !isDue(account.repeat, turn.nowMs)) return
  const repeat = nextCopy(turn, account.repeat)
  change(turn, { account: { ...account, repeat } })
  sendPayload(turn, 'key_check', repeat.mid, to, account.link.keyCheck)
}
