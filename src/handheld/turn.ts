/**
 * One step under way: the state so far and the actions it asks for. Handlers change a turn; `step` makes turns and
 * closes them, so outside this folder a step is a pure function.
 */
import type { MlKem } from '#crypto/ml-kem.ts'
import type { P256 } from '#crypto/p256.ts'
import type { SrpId } from '#kernel/brand.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'
import type { Random } from '#kernel/random.ts'
import { type HandheldCode, handheldText } from '#protocol/handheld-text.ts'
import type { Action, Fields, PersistPoint, SendName } from './action.ts'
import { type HandheldState, peersOf } from './state.ts'

/** What a step may use besides state and event. `nowMs` is the local clock's. */
export interface StepEnv {
  readonly nowMs: number
  readonly random: Random
  readonly p256: P256
  readonly kem: MlKem
}

export interface Turn extends StepEnv {
  state: HandheldState
  readonly actions: Action[]
  /** Set: the state must be on disk before any of the actions is performed. */
  persistAt: PersistPoint | null
  /** Set: the state goes to disk after the actions, so that a crash in between repeats them. */
  saveAfter: PersistPoint | null
}

export const beginTurn = (state: HandheldState, env: StepEnv): Turn => ({
  ...env,
  state,
  actions: [],
  persistAt: null,
  saveAfter: null,
})

export function change(turn: Turn, fields: Partial<HandheldState>): void {
  turn.state = { ...turn.state, ...fields }
}

/**
 * Everything this step sends waits until the new state is on disk. The first point of a step names it, as later ones
 * only follow from it; but what the last part of a packet brings is worth more than the part.
 */
export function persist(turn: Turn, point: PersistPoint): void {
  if (turn.persistAt === null || turn.persistAt === 'part') turn.persistAt = point
}

/**
 * Shows a text, unless it is on the screen already. A locked handheld goes on and keeps it until it is opened; a code
 * also over a restart, as nobody has read it yet.
 */
export function show(turn: Turn, text: string, code: HandheldCode | null = null): void {
  if (turn.state.screen === text) return
  change(turn, { screen: text, screenCode: code })
  if (!turn.state.lock.locked) display(turn, text, code)
  else if (code !== null) persist(turn, 'lock')
}

/** For what a locked handheld shows as well. */
export function showAnyway(turn: Turn, text: string): void {
  change(turn, { screen: text, screenCode: null })
  display(turn, text)
}

/** Puts a text before the user's eyes, and leaves the one that belongs there. */
export function display(turn: Turn, text: string, code: HandheldCode | null = null): void {
  turn.actions.push({ kind: 'show', text, code })
}

export const showCode = (turn: Turn, code: HandheldCode, triesLeft?: number): void =>
  show(turn, handheldText(code, triesLeft), code)

/** An error or a hint while a run goes on: whoever reads it has to know that it does. */
export function showWaiting(turn: Turn, code: HandheldCode, triesLeft?: number): void {
  const before = turn.state.screen
  showCode(turn, code, triesLeft)
  if (turn.state.screen !== before && !turn.state.lock.locked) sayThatItWaits(turn)
}

/** Where the text on the screen ends nothing. */
export function sayThatItWaits(turn: Turn): void {
  const { run, screenCode } = turn.state
  if (run && screenCode !== null)
    turn.actions.push({ kind: 'waits', code: screenCode, untilMs: run.endsAtMs })
}

export function log(
  turn: Turn,
  message: string,
  fields: Fields = {},
  level: 'debug' | 'info' | 'warn' = 'debug',
): void {
  turn.actions.push({ kind: 'log', level, message, fields })
}

export const newMid = (turn: Turn): Uint8Array => turn.random.bytes(16)

/** The last second that a `Date` can name. */
const lastSecond = 8.64e12

/** The offset to a relay's time; a time beyond all dates counts as the last one, so that ours stays a number to write. */
export const clockOffset = (turn: Turn, relaySeconds: number): number =>
  Math.min(relaySeconds, lastSecond) * 1000 - turn.nowMs

/** Seconds by the relay's clock. */
export const relayNow = (turn: Turn): number =>
  Math.floor((turn.nowMs + turn.state.device.clockOffsetMs) / 1000)

/** Hands an encoded payload to the relay under `mid`; lost while offline, so keep what must arrive. */
export function sendPayload(
  turn: Turn,
  what: SendName,
  mid: Uint8Array,
  to: SrpId,
  payload: Uint8Array,
): void {
  if (!turn.state.online) return
  turn.actions.push({
    kind: 'send',
    what,
    frame: {
      type: 'send',
      mid,
      to: { kind: 'server', srpId: to },
      ttlSeconds: limits.sendTtlSecondsMax,
      payload,
    },
  })
}

export function ackFrame(turn: Turn, mid: Uint8Array): void {
  turn.actions.push({ kind: 'send', what: 'frame_ack', frame: { type: 'frame_ack', mid } })
}

/** Tells the relay the whole list of servers that may reach this handheld. */
export function sendPeers(turn: Turn): void {
  if (!turn.state.online) return
  turn.actions.push({
    kind: 'send',
    what: 'peers',
    frame: { type: 'dev_peers', srpIds: peersOf(turn.state) },
  })
}

export const sameMid = (mid: Uint8Array, other: Uint8Array | undefined): boolean =>
  other !== undefined && sameBytes(mid, other)
