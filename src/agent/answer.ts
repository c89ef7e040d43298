/** The work behind M2: the verifier's share, made once and kept, so that every repeat has the same bytes. */
import type { Activation } from '#activation/activation.ts'
import type { EtpRequest } from '#activation/event.ts'
import { closedCode, grantStateAt } from '#activation/grant.ts'
import { chooseSuite } from '#activation/request.ts'
import { type Encapsulated, kemRandomBytes, kemSecretBytes } from '#crypto/ml-kem.ts'
import { randomScalar } from '#crypto/p256-scalar.ts'
import { decodeRegistrationRecord, recordContext } from '#crypto/registration-record.ts'
import { type RegistrationRecord, verifierShare } from '#crypto/spake2plus.ts'
import { assert } from '#kernel/assert.ts'
import type { ActivationId } from '#kernel/brand.ts'
import { concat, fromHex, toHex } from '#kernel/bytes.ts'
import { Fault } from '#kernel/fault.ts'
import type { Random } from '#kernel/random.ts'
import { decodeEtpBody } from '#protocol/etp.ts'
import { encodeM2 } from '#protocol/exchange.ts'
import type { AgentEnv } from './domain.ts'
import { raise } from './raise.ts'

export interface RunSecrets {
  readonly z: Uint8Array
  readonly v: Uint8Array
  readonly w0: Uint8Array
  readonly shareV: Uint8Array
  /** ML-KEM's secret, or empty where the run has none. */
  readonly kemSecret: Uint8Array
}

const scalarBytes = 32
const pointBytes = 65

export const runSecretsContext = (txn: ActivationId): string => `run_secret/${txn}`

/** Makes M2 for a request that was accepted, and raises `answer_made`. */
export async function makeAnswer(env: AgentEnv, activation: Activation, workKey: string): Promise<void> {
  const { request, grantId, txn } = activation
  const finishWork = [workKey]
  if (activation.phase !== 'answering' || !request || grantId === undefined)
    return void (await raise(env, txn, () => null, { finishWork }))
  const [kept, sealed] = await Promise.all([
    env.store.users.grant(grantId),
    env.store.users.record(grantId, request.address, request.profile),
  ])
  if (!kept || !sealed) return grantGone(env, txn, finishWork)
  const record = openRecord(env, request, sealed)
  const body = decodeEtpBody(fromHex(request.body))
  assert(body.ok, 'a body that was accepted decodes')
  const share = verifierShare(env.p256, record, body.value.shareP, randomScalar(env.random))
  const kem = encapsulated(env, body.value.kemKey)
  if (!share.ok || kem === 'bad') {
    const impossible = () =>
      ({ kind: 'answer_impossible', code: 'request.damaged', atMs: env.clock.nowMs() }) as const
    return void (await raise(env, txn, impossible, { finishWork }))
  }
  const suite = chooseSuite(env.domain.terms, request.offer)
  assert(suite, 'a request that was accepted has a common suite')
  const keepUntilMs = Math.min(request.mailedAtMs + request.lifeMs, kept.grant.expiresAtMs)
  const kid = randomKid(env.random)
  const { shareV, z, v } = share.value
  const keptUntil = Math.floor(keepUntilMs / 1000)
  const m2 = toHex(
    encodeM2({
      ...{ txn, srpId: env.domain.srpId, suite, shareV, kid, keptUntil },
      ...(kem ? { kemCiphertext: kem.ciphertext } : {}),
    }),
  )
  const secrets = encodeRunSecrets({
    z,
    v,
    w0: record.w0,
    shareV,
    kemSecret: kem?.secret ?? new Uint8Array(),
  })
  const runSecrets = { txn, sealed: env.vault.seal(runSecretsContext(txn), secrets) }
  env.failpoint('agent.before_m2_commit')
  await raise(
    env,
    txn,
    () => ({ kind: 'answer_made', m2, kid, suite, keepUntilMs, atMs: env.clock.nowMs() }),
    { finishWork, runSecrets },
  )
  env.failpoint('agent.after_m2_commit')
}

/** What answers the handheld's ML-KEM key, if it sent one and this server speaks it; `bad`: it is no key. */
function encapsulated(env: AgentEnv, kemKey: Uint8Array | undefined): Encapsulated | null | 'bad' {
  const { postQuantum = 'off' } = env.domain.terms
  if (!kemKey || postQuantum === 'off') return null
  return env.kem.encapsulate(kemKey, env.random.bytes(kemRandomBytes)) ?? 'bad'
}

/** Closed before this run was written down, or just now: in the first case nobody else tells the run. */
async function grantGone(env: AgentEnv, txn: ActivationId, finishWork: readonly string[]): Promise<void> {
  await raise(
    env,
    txn,
    ({ grant }) => {
      const atMs = env.clock.nowMs()
      const code = (grant && closedCode(grantStateAt(grant, atMs))) ?? 'grant.none'
      return { kind: 'grant_closed', code, atMs }
    },
    { finishWork },
  )
}

/** @throws Fault storage_key.wrong */
function openRecord(env: AgentEnv, request: EtpRequest, sealed: Uint8Array): RegistrationRecord {
  const plain = env.vault.open(recordContext(request.address, request.profile), sealed)
  const record = plain && decodeRegistrationRecord(plain)
  if (!record) throw new Fault('storage_key.wrong', 'a registration record does not open')
  return record
}

/** Random in 1..2^32−1. Two live keys of one handheld share an id once in four thousand million. */
export function randomKid(random: Random): number {
  for (;;) {
    const kid = new DataView(random.bytes(4).slice().buffer).getUint32(0)
    if (kid !== 0) return kid
  }
}

const encodeRunSecrets = ({ z, v, w0, shareV, kemSecret }: RunSecrets): Uint8Array =>
  concat(z, v, w0, shareV, kemSecret)

/** @throws Fault storage_key.wrong */
export function openRunSecrets(
  env: Pick<AgentEnv, 'vault'>,
  txn: ActivationId,
  sealed: Uint8Array,
): RunSecrets {
  const plain = env.vault.open(runSecretsContext(txn), sealed)
  const kemAt = 3 * pointBytes + scalarBytes
  if (plain?.length !== kemAt && plain?.length !== kemAt + kemSecretBytes)
    throw new Fault('storage_key.wrong', 'the secrets of a run do not open')
  return {
    z: plain.slice(0, pointBytes),
    v: plain.slice(pointBytes, 2 * pointBytes),
    w0: plain.slice(2 * pointBytes, 2 * pointBytes + scalarBytes),
    shareV: plain.slice(2 * pointBytes + scalarBytes, kemAt),
    kemSecret: plain.slice(kemAt),
  }
}
