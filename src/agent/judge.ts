/** The work behind the proof: is it right, and if so the server's own proof, the master key and its key check. */
import {
  type AccessList,
  type AccessRule,
  accessRuleWords,
  decideAccess,
  decideByPin,
} from '#activation/access.ts'
import type { Activation } from '#activation/activation.ts'
import type { Happening, Verdict } from '#activation/event.ts'
import { equalInConstantTime } from '#crypto/equal.ts'
import { sha256 } from '#crypto/hash.ts'
import {
  type HandshakeKeys,
  handshakeKeys,
  masterKey,
  nextTranscriptHash,
  openM3Box,
  pakeContext,
  proverIdentity,
  sealM4Box,
  verifierIdentity,
} from '#crypto/key-schedule.ts'
import { verifierConfirm } from '#crypto/spake2plus.ts'
import type { PakeOutcome } from '#crypto/spake2plus-transcript.ts'
import { assert } from '#kernel/assert.ts'
import { fromHex, toHex } from '#kernel/bytes.ts'
import { decodeEtpBody } from '#protocol/etp.ts'
import {
  type DeviceInfo,
  decodeDeviceInfo,
  decodeM3,
  encodeM4,
  encodeServerInfo,
} from '#protocol/exchange.ts'
import { encodeOtaKeyGen } from '#protocol/otakeygen.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { emptyReplayWindow, encodeReplayWindow } from '#protocol/replay-window.ts'
import type { NewKey } from '#store/handhelds.ts'
import { openRunSecrets, type RunSecrets } from './answer.ts'
import type { AgentEnv } from './domain.ts'
import { firstBlock, type Numbers } from './numbers.ts'
import { keyContext, sealPacket } from './packets.ts'
import { raise } from './raise.ts'

type Run = Required<Pick<Activation, 'txn' | 'request' | 'answer' | 'proof' | 'address'>>

interface Judgement {
  readonly verdict: Verdict
  /** With `not_allowed`. */
  readonly rule?: string
  readonly right?: {
    readonly device: DeviceInfo
    readonly m4: Uint8Array
    readonly keyCheck: Uint8Array
    readonly key: NewKey
  }
}

const nextRolloverMs = 30 * 86_400_000

/** Judges the proof of a run and raises `proof_judged`. One proof per transaction, whatever comes of it. */
export async function judgeProof(
  env: AgentEnv,
  numbers: Pick<Numbers, 'begun'>,
  activation: Activation,
  workKey: string,
): Promise<void> {
  const { txn, request, answer, proof, address } = activation
  const finishWork = [workKey]
  const sealed = await env.store.activations.runSecrets(txn)
  if (activation.phase !== 'judging' || !request || !answer || !proof || !sealed)
    return void (await raise(env, txn, () => null, { finishWork }))
  const run: Run = { txn, request, answer, proof, address }
  const list = await env.store.access.concerning(proof.pin)
  const byPin = decideByPin(list, proof.pin)
  const { verdict, rule, right } =
    byPin?.verdict === 'deny'
      ? notAllowed(byPin.rule)
      : judge(env, run, openRunSecrets(env, txn, sealed), list)
  const result = right && {
    device: {
      model: right.device.model,
      software: right.device.softwareVersion,
      platform: right.device.platform,
      deviceKey: toHex(right.device.publicKey),
    },
    m4: toHex(right.m4),
    keyCheck: toHex(right.keyCheck),
  }
  env.failpoint('agent.before_judged_commit')
  const { recorded } = await raise(
    env,
    txn,
    ({ standing }) => {
      const happened: Extract<Happening, { kind: 'proof_judged' }> = {
        kind: 'proof_judged',
        m3Hash: proof.m3Hash,
        verdict,
        standing,
        ...(rule === undefined ? {} : { rule }),
        ...result,
      }
      return { ...happened, atMs: env.clock.nowMs() }
    },
    { finishWork, ...(right ? { addKey: right.key } : {}) },
  )
  if (recorded && right) numbers.begun(proof.pin, right.key.kid, firstBlock)
  env.failpoint('agent.after_judged_commit')
}

/** A PIN that was denied while its proof waited is not judged at all. */
const notAllowed = (rule: AccessRule | null): Judgement => ({
  verdict: 'not_allowed',
  rule: accessRuleWords(rule),
})

function judge(env: AgentEnv, run: Run, secrets: RunSecrets, list: AccessList): Judgement {
  const m3Bytes = fromHex(run.proof.m3)
  const m3 = decodeM3(m3Bytes)
  assert(m3.ok, 'a proof that was kept decodes')
  const bodyHash = fromHex(run.request.bodyHash)
  const m2Hash = sha256(fromHex(run.answer.m2))
  const outcome = confirm(env, run, secrets, pakeContext(bodyHash, m2Hash))
  if (!equalInConstantTime(outcome.confirmP, m3.value.confirmP)) return { verdict: 'wrong' }
  const keys = handshakeKeys(bodyHash, m2Hash, outcome.kShared, secrets.kemSecret)
  const info = openM3Box(keys.d2s, keys.th, m3.value.box)
  const device = info && decodeDeviceInfo(info)
  if (!device?.ok) return { verdict: 'box_damaged' }
  if (device.value.pin !== run.proof.pin) return { verdict: 'other_pin' }
  const access = decideAccess(list, run.proof.pin, device.value.model)
  if (access.verdict === 'deny') return notAllowed(access.rule)
  const hybrid = secrets.kemSecret.length > 0
  return {
    verdict: 'right',
    right: answerProof(env, run, { outcome, keys, m3Bytes, device: device.value, hybrid }),
  }
}

function confirm(env: AgentEnv, run: Run, secrets: RunSecrets, context: Uint8Array): PakeOutcome {
  const body = decodeEtpBody(fromHex(run.request.body))
  assert(body.ok, 'a body that was accepted decodes')
  return verifierConfirm({
    ...secrets,
    shareP: body.value.shareP,
    context,
    idProver: proverIdentity(run.request.address, run.proof.pin),
    idVerifier: verifierIdentity(env.domain.srpId),
  })
}

interface Proven {
  readonly outcome: PakeOutcome
  readonly keys: HandshakeKeys
  readonly m3Bytes: Uint8Array
  readonly device: DeviceInfo
  readonly hybrid: boolean
}

/** M4, the master key, and the server's key check under it. */
function answerProof(env: AgentEnv, run: Run, proven: Proven): NonNullable<Judgement['right']> {
  const { outcome, keys, m3Bytes, device, hybrid } = proven
  const { kid, suite } = run.answer
  const { pin } = run.proof
  const th3 = nextTranscriptHash(keys.th, m3Bytes)
  const box = sealM4Box(keys.s2d, th3, env.random.bytes(12), serverInfo(env))
  const m4 = encodeM4({ txn: run.txn, confirmV: outcome.confirmV, box })
  const th4 = nextTranscriptHash(th3, m4)
  const mk = masterKey(keys.prk, suite, kid, th3)
  const content = encodeOtaKeyGen({ type: 'key_check', transcriptHash: th4 })
  const check = sealPacket(env, { kid, suite, masterKey: mk }, 0, contentTypes.otakeygen, content)
  const key: NewKey = {
    pin,
    kid,
    suite,
    txn: run.txn,
    sealed: env.vault.seal(keyContext(pin, kid), mk),
    window: encodeReplayWindow(emptyReplayWindow),
    nextSeq: firstBlock.end,
    hybrid,
  }
  return { device, m4, keyCheck: check.bytes, key }
}

function serverInfo(env: AgentEnv): Uint8Array {
  return encodeServerInfo({
    organisation: env.domain.organisation,
    caCertificate: env.domain.caCertificate,
    nextRolloverAt: Math.floor((env.clock.nowMs() + nextRolloverMs) / 1000),
    policyCertificate: env.domain.policySignerDer,
  })
}

/** The hash both key checks of a run hold: over every message of the exchange. */
export function keyCheckHash(activation: Activation): Uint8Array | null {
  const { request, answer, proof, confirmation } = activation
  if (!request || !answer || !proof || !confirmation) return null
  const th = sha256(fromHex(request.bodyHash), sha256(fromHex(answer.m2)))
  const th3 = nextTranscriptHash(th, fromHex(proof.m3))
  return nextTranscriptHash(th3, fromHex(confirmation.m4))
}
