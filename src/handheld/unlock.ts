/** The lock: what the user types at it, and when it closes by itself. */
import type { PasswordOutcome } from './action.ts'
import type { SetPassword, Unlock } from './event.ts'
import {
  demanded,
  isPassword,
  type PasswordDue,
  passwordDue,
  passwordFault,
  triesLeft,
  unfit,
  withPassword,
} from './password.ts'
import { ruleNumber, ruleText } from './rules.ts'
import { lockedText, passwordTexts, screenOf, screens } from './screen.ts'
import type { HandheldState } from './state.ts'
import { change, display, persist, sayThatItWaits, type Turn } from './turn.ts'
import { erase } from './wipe.ts'

const minuteMs = 60 * 1000

/** What a handheld shows: everything, or only that it wants something first. */
export type Gate = { readonly kind: 'open' } | { readonly kind: 'locked' } | PasswordGate
interface PasswordGate {
  readonly kind: 'password_due'
  readonly why: PasswordDue
}

export function gateOf(state: HandheldState, nowMs: number): Gate {
  if (isLocked(state, nowMs)) return { kind: 'locked' }
  const why = passwordDue(state, nowMs)
  return why ? { kind: 'password_due', why } : { kind: 'open' }
}

/** Locked by command or by hand, or not used for longer than the rule allows. */
export function isLocked(state: HandheldState, nowMs: number): boolean {
  const due = lockDueMs(state)
  return state.lock.locked || (due !== null && due <= nowMs)
}

/** When the handheld locks by itself; null: not at all. Without a password there is nothing to lock with. */
export function lockDueMs(state: HandheldState): number | null {
  const { locked, password, lastUsedAtMs } = state.lock
  const minutes = ruleNumber(state, 'inactivity_lock_minutes') ?? 0
  return locked || !password || minutes === 0 ? null : lastUsedAtMs + minutes * minuteMs
}

export const ownerTextOf = (state: HandheldState): string | null =>
  state.account?.ownerText || ruleText(state, 'owner_text') || null

/** What there is to read behind a closed lock. */
export const behindLock = (state: HandheldState): string => lockedText(ownerTextOf(state))

/** Closes the lock now. */
export function lockNow(turn: Turn): void {
  change(turn, { lock: { ...turn.state.lock, locked: true } })
  persist(turn, 'lock')
  display(turn, behindLock(turn.state))
}

export function lockTimer(turn: Turn): void {
  const due = lockDueMs(turn.state)
  if (due !== null && due <= turn.nowMs) lockNow(turn)
}

/** By hand; without a password there is nothing to lock with. */
export function onLock(turn: Turn): void {
  if (turn.state.lock.password) lockNow(turn)
}

/** The user did something at the handheld: it does not lock for a while. */
export function onUsed(turn: Turn): void {
  lockTimer(turn)
  if (turn.state.lock.locked) return
  change(turn, { lock: { ...turn.state.lock, lastUsedAtMs: turn.nowMs } })
  persist(turn, 'lock')
}

export function onUnlock(turn: Turn, { password }: Unlock): void {
  lockTimer(turn)
  if (turn.state.lock.password && !isPassword(turn.state.lock, password)) {
    wrong(turn)
    return
  }
  const mustChange = turn.state.lock.password !== null && unfit(turn.state, password) !== null
  open(turn, { mustChange })
  tell(turn, passwordDue(turn.state, turn.nowMs) ? 'must_change' : 'unlocked')
}

export function onSetPassword(turn: Turn, { old, password }: SetPassword): void {
  lockTimer(turn)
  if (turn.state.lock.password && !isPassword(turn.state.lock, old)) {
    wrong(turn)
    return
  }
  const fault = passwordFault(turn.state, password)
  if (fault) {
    tell(turn, fault)
    return
  }
  change(turn, { lock: withPassword(turn.state.lock, password, turn.random, turn.nowMs) })
  open(turn, {})
  tell(turn, password === null ? 'removed' : 'set')
}

function open(turn: Turn, fields: { readonly mustChange?: boolean }): void {
  const { lock } = turn.state
  const opened = { ...lock, ...fields, locked: false, wrongTries: 0, lastUsedAtMs: turn.nowMs }
  change(turn, { lock: opened })
  persist(turn, 'lock')
  if (lock.locked) uncover(turn)
}

/** What came while nobody could read it stands there now. */
function uncover(turn: Turn): void {
  const { screen, screenCode } = turn.state
  display(turn, screen || screenOf(turn.state) || screens.unlocked, screenCode)
  sayThatItWaits(turn)
}

/** Counted on the disk before it is answered, or a restart would give the tries back. */
function wrong(turn: Turn): void {
  const { lock } = turn.state
  change(turn, { lock: { ...lock, wrongTries: lock.wrongTries + 1 } })
  persist(turn, 'lock')
  if (triesLeft(turn.state) === 0) {
    tell(turn, 'erased')
    erase(turn, 'everything')
  } else tell(turn, 'wrong')
}

function tell(turn: Turn, outcome: PasswordOutcome): void {
  const typed = { left: triesLeft(turn.state), demands: demanded(turn.state) }
  turn.actions.push({ kind: 'password', outcome, text: passwordTexts[outcome](typed) })
}
