/** Stage `proving`: one proof per transaction, in answer to the first good M2 and to no other. */
import { sha256 } from '#crypto/hash.ts'
import {
  handshakeKeys,
  masterKey,
  nextTranscriptHash,
  pakeContext,
  proverIdentity,
  sealM3Box,
  verifierIdentity,
} from '#crypto/key-schedule.ts'
import { isSuite, type Suite } from '#crypto/packet.ts'
import { proverFinish } from '#crypto/spake2plus.ts'
import type { PakeOutcome } from '#crypto/spake2plus-transcript.ts'
import type { Pin, SrpId } from '#kernel/brand.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { decodeM2, encodeDeviceInfo, encodeM3, type M2 } from '#protocol/exchange.ts'
import { encodePayload } from '#protocol/payload.ts'
import { fail } from './ending.ts'
import { isHeld } from './keys.ts'
import { firstCopy, freshCopy, isDue, nextCopy } from './repeat.ts'
import { isRequest } from './request.ts'
import { screens } from './screen.ts'
import type { HandheldState, ProvingRun, Repeat, RequestRun } from './state.ts'
import { change, log, persist, sendPayload, sendPeers, show, showWaiting, type Turn } from './turn.ts'
import { proofSent } from './unanswered.ts'

const minute = 60 * 1000
const hintAfterMs = 2 * minute
const answerWithinMs = 24 * 60 * minute
const boxNonceBytes = 12

interface GoodM2 {
  readonly m2: M2
  readonly m2Hash: Uint8Array
  readonly suite: Suite
  readonly pin: Pin
  readonly pake: PakeOutcome
}

/** Answers the first good M2 with our proof; a duplicate of it gets the same bytes, anything else nothing. */
export function onM2(turn: Turn, from: SrpId, bytes: Uint8Array): void {
  const { run } = turn.state
  if (run?.stage === 'proving' && sameBytes(run.m2Hash, sha256(bytes))) {
    sendM3(turn, run, nextCopy(turn, run.repeat))
    return
  }
  if (!run || !isRequest(run)) {
    log(turn, 'an M2 nobody waits for was dropped', { from })
    return
  }
  const good = judgeM2(turn.state, run, from, bytes, turn)
  if (typeof good === 'string') {
    log(turn, 'a bad M2 was dropped', { from, reason: good }, 'info')
    return
  }
  const proving = prove(turn, run, good)
  change(turn, {
    run: proving,
    unanswered: proofSent(turn.state.unanswered, run.address, turn.nowMs),
  })
  persist(turn, 'm3')
  show(turn, screens.verifying)
  sendPeers(turn)
  sendM3(turn, proving, proving.repeat)
}

export function provingTimers(turn: Turn, run: ProvingRun): void {
  if (run.endsAtMs <= turn.nowMs) {
    fail(turn, 22)
    return
  }
  const hint = run.hintDueMs !== null && run.hintDueMs <= turn.nowMs
  if (hint) showWaiting(turn, 22)
  const waiting = hint ? { ...run, hintDueMs: null } : run
  change(turn, { run: waiting })
  if (isDue(run.repeat, turn.nowMs)) sendM3(turn, waiting, nextCopy(turn, run.repeat))
}

/** After a log-in the proof goes out again. */
export const repeatM3 = (turn: Turn, run: ProvingRun): void => sendM3(turn, run, freshCopy(turn, run.repeat))

function sendM3(turn: Turn, run: ProvingRun, repeat: Repeat): void {
  change(turn, { run: { ...run, repeat } })
  sendPayload(turn, 'm3', repeat.mid, run.srpId, encodePayload({ kind: 'm3', bytes: run.m3 }))
}

/** A good M2, or why it is none. */
function judgeM2(
  state: HandheldState,
  run: RequestRun,
  from: SrpId,
  bytes: Uint8Array,
  turn: Turn,
): GoodM2 | string {
  const decoded = decodeM2(bytes)
  if (!decoded.ok) return `${decoded.fault.code} ${decoded.fault.at}`
  const m2 = decoded.value
  const { pin } = state.device
  if (!pin) return 'no_pin'
  if (m2.txn !== run.txn) return 'other_transaction'
  if (m2.srpId !== from) return 'other_sender'
  if (!isSuite(m2.suite) || !run.offer.includes(m2.suite)) return 'suite_not_offered'
  if (m2.kemCiphertext && !run.kemSeed) return 'kem_not_offered'
  if (!m2.kemCiphertext && run.needsKem) return 'kem_missing'
  if (state.account && isHeld(state.account, m2.kid)) return 'kid_held'
  const m2Hash = sha256(bytes)
  const pake = proverFinish(turn.p256, {
    w0: run.w0,
    w1: run.w1,
    x: run.x,
    context: pakeContext(sha256(run.body), m2Hash),
    idProver: proverIdentity(run.address, pin),
    idVerifier: verifierIdentity(m2.srpId),
    shareP: run.shareP,
    shareV: m2.shareV,
  })
  return pake.ok ? { m2, m2Hash, suite: m2.suite, pin, pake: pake.value } : pake.reason
}

/** Makes M3 and everything M4 will need; the scalars and the keys behind them are left behind with the old run. */
function prove(turn: Turn, run: RequestRun, { m2, m2Hash, suite, pin, pake }: GoodM2): ProvingRun {
  const { kemCiphertext } = m2
  const kemSecret = run.kemSeed && kemCiphertext && turn.kem.decapsulate(run.kemSeed, kemCiphertext)
  const keys = handshakeKeys(sha256(run.body), m2Hash, pake.kShared, kemSecret ?? undefined)
  const { publicKey, model, softwareVersion, platform } = turn.state.device
  const info = encodeDeviceInfo({ pin, model, softwareVersion, platform, publicKey })
  const box = sealM3Box(keys.d2s, keys.th, turn.random.bytes(boxNonceBytes), info)
  const m3 = encodeM3({ txn: run.txn, confirmP: pake.confirmP, box })
  const th3 = nextTranscriptHash(keys.th, m3)
  return {
    stage: 'proving',
    txn: run.txn,
    address: run.address,
    startedAtMs: run.startedAtMs,
    hintDueMs: turn.nowMs + hintAfterMs,
    endsAtMs: turn.nowMs + answerWithinMs,
    srpId: m2.srpId,
    m2Hash,
    m3,
    expectedConfirmV: pake.confirmV,
    s2d: keys.s2d,
    th3,
    suite,
    kid: m2.kid,
    masterKey: masterKey(keys.prk, suite, m2.kid, th3),
    hybrid: kemCiphertext !== undefined,
    provedAtMs: turn.nowMs,
    repeat: firstCopy(turn),
  }
}
