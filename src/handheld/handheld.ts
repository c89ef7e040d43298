/**
 * The handheld as a pure state machine, an independent reading of docs/protocol.md: `step` folds one event into the
 * state and asks for actions as data. It is total: an event that makes no sense now changes nothing.
 */

import { unreachable } from '#kernel/assert.ts'
import type { SrpId } from '#kernel/brand.ts'
import { decodePayload } from '#protocol/payload.ts'
import type { Deliver } from '#protocol/relay-frame.ts'
import type { Action } from './action.ts'
import { onM4 } from './confirming.ts'
import { onCancel } from './ending.ts'
import { onError } from './errors.ts'
import type { HandheldEvent } from './event.ts'
import { onLinkDown, onLoggedIn } from './login.ts'
import { onPacket, onPart } from './packets.ts'
import { onM2 } from './proving.ts'
import { onReceipt } from './receipts.ts'
import { onMailDone, onTyped } from './request.ts'
import { onRestart } from './restart.ts'
import { onRoll } from './rolling-timers.ts'
import { onPolicyVerified } from './signed.ts'
import { type HandheldState, stageOf } from './state.ts'
import { nextDueMs, onTimer } from './timers.ts'
import { ackFrame, beginTurn, log, type StepEnv, type Turn } from './turn.ts'
import { onLock, onSetPassword, onUnlock, onUsed } from './unlock.ts'
import { wipeTimer } from './wipe.ts'

export interface Step {
  readonly next: HandheldState
  /**
   * To be performed in this order. A `persist` stands before everything that is sent: nothing leaves before the state
   * is on disk.
   */
  readonly actions: readonly Action[]
}

export function step(state: HandheldState, event: HandheldEvent, env: StepEnv): Step {
  const turn = beginTurn(state, env)
  // What is due comes first, whatever has happened: an event must not find what should be gone.
  if (event.kind !== 'restart') wipeTimer(turn)
  handle(turn, event)
  const actions: Action[] = []
  if (turn.persistAt) actions.push({ kind: 'persist', point: turn.persistAt })
  const stage = stageOf(turn.state)
  if (stage !== stageOf(state)) actions.push({ kind: 'stage', stage })
  actions.push(...turn.actions)
  if (turn.saveAfter && !turn.persistAt) actions.push({ kind: 'persist', point: turn.saveAfter })
  const dueMs = nextDueMs(turn.state)
  if (dueMs !== nextDueMs(state) || event.kind === 'timer' || event.kind === 'restart')
    actions.push({ kind: 'set_timer', atMs: dueMs })
  return { next: turn.state, actions }
}

function handle(turn: Turn, event: HandheldEvent): void {
  switch (event.kind) {
    case 'typed':
      onTyped(turn, event)
      return
    case 'logged_in':
      onLoggedIn(turn, event)
      return
    case 'link_down':
      onLinkDown(turn, event)
      return
    case 'frame':
      onFrame(turn, event.frame)
      return
    case 'policy_verified':
      onPolicyVerified(turn, event)
      return
    case 'unlock':
      onUnlock(turn, event)
      return
    case 'set_password':
      onSetPassword(turn, event)
      return
    case 'lock':
      onLock(turn)
      return
    case 'used':
      onUsed(turn)
      return
    case 'timer':
      onTimer(turn)
      return
    case 'cancel':
      onCancel(turn)
      return
    case 'roll':
      onRoll(turn)
      return
    case 'restart':
      onRestart(turn)
      return
    default:
      unreachable(event)
      return
  }
}

function onFrame(turn: Turn, frame: Extract<HandheldEvent, { kind: 'frame' }>['frame']): void {
  switch (frame.type) {
    case 'mail_done':
      onMailDone(turn, frame)
      return
    case 'receipt':
      onReceipt(turn, frame)
      return
    case 'deliver':
      onDeliver(turn, frame)
      // "I have it", not "I liked it": what was stored went to disk with this step, the rest is rejected for good.
      ackFrame(turn, frame.mid)
      return
    default:
      unreachable(frame)
      return
  }
}

function onDeliver(turn: Turn, { from, payload }: Deliver): void {
  const message = decodePayload(payload)
  if (!message.ok || from.kind !== 'server') {
    log(turn, 'a frame that is no message was dropped', {}, 'info')
    return
  }
  receive(turn, from.srpId, message.value)
}

function receive(turn: Turn, from: SrpId, { kind, bytes }: { kind: string; bytes: Uint8Array }): void {
  switch (kind) {
    case 'm2':
      onM2(turn, from, bytes)
      return
    case 'm4':
      onM4(turn, from, bytes)
      return
    case 'packet':
      onPacket(turn, from, bytes)
      return
    case 'part':
      onPart(turn, from, bytes)
      return
    case 'error':
      onError(turn, from, bytes)
      return
    default:
      log(turn, 'a message not meant for handhelds was dropped', { kind }, 'info')
      return
  }
}
