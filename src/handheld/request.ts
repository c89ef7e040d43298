/** Stages `mailing` and `waiting`: the request is made, handed to the relay, and repeated until a server answers. */

import { kemSeedBytes } from '#crypto/ml-kem.ts'
import { randomScalar } from '#crypto/p256-scalar.ts'
import type { Suite } from '#crypto/packet.ts'
import { type ProverSecrets, proverShare } from '#crypto/spake2plus.ts'
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import { toHex } from '#kernel/bytes.ts'
import { encodeEtpBody } from '#protocol/etp.ts'
import type { HandheldCode } from '#protocol/handheld-text.ts'
import { isMailDoneStatus, mailDoneStatus } from '#protocol/mail-done.ts'
import type { MailDone } from '#protocol/relay-frame.ts'
import { fail } from './ending.ts'
import type { PostQuantum, Typed } from './event.ts'
import { ruleFlag, ruleTexts } from './rules.ts'
import { otherAccountText, screens } from './screen.ts'
import type { RequestRun } from './state.ts'
import {
  change,
  clockOffset,
  log,
  persist,
  relayNow,
  sendPeers,
  show,
  showCode,
  showWaiting,
  type Turn,
} from './turn.ts'
import { hasTooManyUnanswered } from './unanswered.ts'
import { isLocked } from './unlock.ts'

const second = 1000
const minute = 60 * second
const kdfProfile = 1
const answerWithinMs = 30 * second
/** Pauses before the request is handed over again when the relay gave no answer in time. */
const askPausesMs = [second, 5 * second, 30 * second, 2 * minute, 10 * minute]
const askWhileWaitingMs = 10 * minute
const hintAfterMs = 5 * minute
const errorShownAfterMs = 10 * second

interface Request {
  readonly address: MailAddress
  readonly secrets: ProverSecrets
  readonly offer: readonly Suite[]
  readonly lifeSeconds: number
  readonly postQuantum: PostQuantum
  readonly renewals: number
}

/** A new try: always a new transaction, in the place of any run before it. */
export function onTyped(turn: Turn, event: Typed): void {
  if (isLocked(turn.state, turn.nowMs)) {
    log(turn, 'what was typed at a locked handheld was passed over', {}, 'info')
    return
  }
  if (!event.confirmed && asksFirst(turn, event.address)) return
  change(turn, { lock: { ...turn.state.lock, lastUsedAtMs: turn.nowMs } })
  const hadPeer = turn.state.run !== null && 'srpId' in turn.state.run
  const postQuantum = ruleFlag(turn.state, 'post_quantum_required') ? 'required' : event.postQuantum
  startRun(turn, { ...event, offer: allowedOffer(turn, event.offer), postQuantum, renewals: 0 })
  if (hadPeer) sendPeers(turn)
  change(turn, { screen: '', screenCode: null })
  show(turn, screens.activating)
  if (turn.state.online) askMail(turn)
}

const suiteNames = { 1: 'aes', 2: '3des' } as const

/** Of what was asked for the suites that the policy allows; where that leaves none, all that it allows. */
function allowedOffer({ state }: Turn, offer: readonly Suite[]): readonly Suite[] {
  const names = ruleTexts(state, 'allowed_algorithms')
  const allowed = ([1, 2] as const).filter((suite) => names?.includes(suiteNames[suite]) ?? true)
  const both = offer.filter((suite) => allowed.includes(suite))
  return both.length > 0 ? both : allowed
}

/** The relay's answer to the request; each status is good at any time. */
export function onMailDone(turn: Turn, frame: MailDone): void {
  const { run } = turn.state
  if (!run || !isRequest(run) || run.txn !== frame.txn) return
  if (!isMailDoneStatus(frame.status)) {
    log(turn, 'the relay answered an unknown status', { status: frame.status })
    return
  }
  switch (frame.status) {
    case mailDoneStatus.accepted:
    case mailDoneStatus.mailedBefore:
    case mailDoneStatus.queued:
      toWaiting(turn, run)
      return
    case mailDoneStatus.clock:
      renew(turn, run, 6, frame.now)
      return
    case mailDoneStatus.txnTaken:
      renew(turn, run, 9)
      return
    default:
      fail(turn, failureOf[frame.status])
      return
  }
}

/** Hands the relay the same request again; called at each log-in and when its time has come. */
export function askMail(turn: Turn): void {
  const { run } = turn.state
  if (!run || !isRequest(run)) return
  const pauseMs = askPausesMs[Math.min(run.asked, askPausesMs.length - 1)] ?? askWhileWaitingMs
  const waitMs = run.stage === 'waiting' ? askWhileWaitingMs : answerWithinMs + pauseMs
  change(turn, { run: { ...run, asked: run.asked + 1, askDueMs: turn.nowMs + waitMs } })
  turn.actions.push({ kind: 'send', what: 'mail_ask', frame: { type: 'mail_ask', body: run.body } })
}

/** A server that does not know the user may be the first to answer, so an error waits for a good M2. */
export function holdError(turn: Turn, run: RequestRun, code: HandheldCode): void {
  const dueMs = run.heldError?.dueMs ?? turn.nowMs + errorShownAfterMs
  change(turn, { run: { ...run, heldError: { code, dueMs } } })
}

export function requestTimers(turn: Turn, run: RequestRun): void {
  if (run.endsAtMs <= turn.nowMs) {
    fail(turn, 6)
    return
  }
  if (run.heldError && run.heldError.dueMs <= turn.nowMs) {
    showWaiting(turn, run.heldError.code)
    change(turn, { run: { ...run, heldError: null } })
  } else if (run.hintDueMs !== null && run.hintDueMs <= turn.nowMs) {
    showWaiting(turn, 21)
    change(turn, { run: { ...run, hintDueMs: null } })
  }
  if (run.askDueMs !== null && run.askDueMs <= turn.nowMs) askOrWait(turn)
}

export const isRequest = (run: { readonly stage: string }): run is RequestRun =>
  run.stage === 'mailing' || run.stage === 'waiting'

const failureOf = {
  [mailDoneStatus.addressRefused]: 2,
  [mailDoneStatus.malformed]: 7,
  [mailDoneStatus.overLimit]: 17,
  [mailDoneStatus.gaveUp]: 1,
} as const

/** True when the user has to agree first: too many proofs went unanswered, or data would be erased. */
function asksFirst(turn: Turn, address: MailAddress): boolean {
  const { account } = turn.state
  if (hasTooManyUnanswered(turn.state.unanswered, address, turn.nowMs)) {
    showCode(turn, 23)
    turn.actions.push({ kind: 'ask', question: 'unanswered_proofs', text: turn.state.screen })
    return true
  }
  if (!account || account.address === address) return false
  turn.actions.push({ kind: 'ask', question: 'other_account', text: otherAccountText(account.address) })
  return true
}

function startRun(turn: Turn, request: Request): void {
  const { address, secrets, offer, lifeSeconds, postQuantum, renewals } = request
  const { x, shareP } = freshShare(turn, secrets.w0)
  const kemSeed = postQuantum === 'off' ? null : turn.random.bytes(kemSeedBytes)
  const txn = toHex(turn.random.bytes(16)) as ActivationId
  const body = encodeEtpBody({
    txn,
    address,
    relayId: turn.state.device.relayId,
    createdAt: relayNow(turn),
    lifeSeconds,
    kdfProfile,
    shareP,
    offer,
    ...(kemSeed ? { kemKey: turn.kem.encapsulationKey(kemSeed) } : {}),
  })
  const run: RequestRun = {
    stage: 'mailing',
    txn,
    address,
    startedAtMs: turn.nowMs,
    hintDueMs: null,
    endsAtMs: turn.nowMs + lifeSeconds * second,
    body,
    offer,
    lifeSeconds,
    x,
    w0: secrets.w0,
    w1: secrets.w1,
    shareP,
    kemSeed,
    needsKem: postQuantum === 'required',
    renewals,
    asked: 0,
    askDueMs: null,
    heldError: null,
  }
  change(turn, { run, failure: null })
  persist(turn, 'request')
}

function freshShare(turn: Turn, w0: Uint8Array): { x: Uint8Array; shareP: Uint8Array } {
  for (;;) {
    const x = randomScalar(turn.random)
    const shareP = proverShare(turn.p256, w0, x)
    if (shareP) return { x, shareP }
  }
}

function toWaiting(turn: Turn, run: RequestRun): void {
  if (run.stage === 'waiting') return
  change(turn, {
    run: {
      ...run,
      stage: 'waiting',
      askDueMs: turn.nowMs + askWhileWaitingMs,
      hintDueMs: turn.nowMs + hintAfterMs,
    },
  })
  persist(turn, 'waiting')
}

/** Begins again by itself with a new transaction, once; `now` corrects the clock first. */
function renew(turn: Turn, run: RequestRun, otherwise: HandheldCode, now?: number): void {
  if (now !== undefined)
    change(turn, { device: { ...turn.state.device, clockOffsetMs: clockOffset(turn, now) } })
  if (run.renewals > 0) {
    fail(turn, otherwise)
    return
  }
  const { address, offer, lifeSeconds, w0, w1 } = run
  startRun(turn, {
    address,
    offer,
    lifeSeconds,
    secrets: { w0, w1 },
    renewals: run.renewals + 1,
    postQuantum: postQuantumOf(run),
  })
  askMail(turn)
}

/** While off the air nothing is handed over: the next log-in does it. */
function askOrWait(turn: Turn): void {
  if (turn.state.online) {
    askMail(turn)
    return
  }
  const { run } = turn.state
  if (run && isRequest(run)) change(turn, { run: { ...run, askDueMs: null } })
}

function postQuantumOf({ needsKem, kemSeed }: RequestRun): PostQuantum {
  if (needsKem) return 'required'
  return kemSeed ? 'optional' : 'off'
}
