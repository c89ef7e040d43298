/** When the key is due, and what of a rollover is due: a key is rolled over only while the handheld is on the air. */
import { closingTimers, rollingDues } from './closing.ts'
import { dueToRollMs, isRolling } from './keys.ts'
import { beginRollover } from './rollover.ts'
import type { Account } from './state.ts'
import type { Turn } from './turn.ts'

export function rollingTimers(turn: Turn): void {
  closingTimers(turn)
  const { account } = turn.state
  const dueMs = account && dueToRollMs(account)
  if (account && dueMs !== null && dueMs <= turn.nowMs) beginRollover(turn, account)
}

/** On demand: nothing happens while a rollover is under way. */
export function onRoll(turn: Turn): void {
  const { account } = turn.state
  if (account && !isRolling(account.keys)) beginRollover(turn, account)
}

export const rollingDueMs = (account: Account): readonly (number | null)[] => [
  ...rollingDues(account),
  dueToRollMs(account),
]
