/** Proofs of the right password that are not what they should be: who is in the box, and under which run. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { AgentEnv } from '#agent/domain.ts'
import { takeBatch } from '#agent/intake.ts'
import { raise } from '#agent/raise.ts'
import { sha256 } from '#crypto/hash.ts'
import {
  handshakeKeys,
  pakeContext,
  proverIdentity,
  sealM3Box,
  verifierIdentity,
} from '#crypto/key-schedule.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { deriveSecrets } from '#crypto/registration.ts'
import { proverFinish, proverShare } from '#crypto/spake2plus.ts'
import type { ActivationId, Pin } from '#kernel/brand.ts'
import { fromHex, toHex, uintBytes } from '#kernel/bytes.ts'
import { decodeM2, encodeDeviceInfo, encodeM3 } from '#protocol/exchange.ts'
import * as e from '../activation/events.ts'
import { quickStretching } from '../admin/installation.ts'
import { makeAgentWorld } from './agent-env.ts'
import { alice, batchOf, file, found } from './etp-files.ts'
import { alicePassword, siteWithPassword, workOff } from './password-site.ts'

const x = uintBytes(12_345, 32)
let uid = 0

/** A run that is answered and tied to `pin`, whose handheld knows the password. */
async function answered(t: TestContext, env: AgentEnv, txn: ActivationId, pin: Pin, mailedAtMs = e.start) {
  const secrets = await deriveSecrets(quickStretching, alice, alicePassword)
  const shareP = proverShare(nodeP256, secrets.w0, x)
  assert(shareP)
  uid += 1
  const mailedAt = mailedAtMs / 1_000
  await takeBatch(env, batchOf(found(uid, file({ body: { txn, shareP }, relayPart: { mailedAt } }))))
  await workOff(t, env)
  await raise(env, txn, () => e.receipt('m2', 0, pin))
  await workOff(t, env)
  return { txn, pin, secrets, shareP }
}

type Run = Awaited<ReturnType<typeof answered>>

/** M3 as the handheld makes it, but for the PIN in its box; `box` may be spoiled. */
async function proofOf(env: AgentEnv, { txn, pin, secrets, shareP }: Run, pinInBox = pin, spoil = 0) {
  const run = await env.store.activations.find(txn)
  assert(run?.request && run.answer)
  const m2 = decodeM2(fromHex(run.answer.m2))
  assert(m2.ok)
  const bodyHash = fromHex(run.request.bodyHash)
  const m2Hash = sha256(fromHex(run.answer.m2))
  const { shareV, srpId } = m2.value
  const context = pakeContext(bodyHash, m2Hash)
  const [idProver, idVerifier] = [proverIdentity(alice, pin), verifierIdentity(srpId)]
  const pake = proverFinish(nodeP256, { ...secrets, x, context, idProver, idVerifier, shareP, shareV })
  assert(pake.ok)
  const keys = handshakeKeys(bodyHash, m2Hash, pake.value.kShared)
  const publicKey = new Uint8Array(32)
  const info = { pin: pinInBox, model: 'A 1', softwareVersion: '1', platform: '', publicKey }
  const box = sealM3Box(keys.d2s, keys.th, new Uint8Array(12), encodeDeviceInfo(info))
  return encodeM3({
    txn,
    confirmP: pake.value.confirmP,
    box: box.map((byte, i) => (i === 20 ? byte ^ spoil : byte)),
  })
}

async function prove(t: TestContext, env: AgentEnv, txn: ActivationId, pin: Pin, m3: Uint8Array) {
  const m3Hash = toHex(sha256(m3))
  await raise(env, txn, ({ grant }) =>
    e.proofSeen({ pin, m3: toHex(m3), m3Hash, standing: e.standing(grant) }),
  )
  await workOff(t, env)
  const run = await env.store.activations.find(txn)
  const [newest] = await env.store.users.newestGrants()
  return { phase: run?.phase, code: run?.code, told: run?.error?.code, grant: newest?.grant }
}

test('the right proof claims the password for its PIN', async (t) => {
  const env = await siteWithPassword(makeAgentWorld(t))
  const run = await answered(t, env, e.txn, e.pin)
  const { phase, grant } = await prove(t, env, e.txn, e.pin, await proofOf(env, run))
  assert.deepEqual([phase, grant?.state, grant?.claim?.pin], ['claimed', 'claimed', e.pin])
})

for (const [what, pinInBox, spoil] of [
  ['names another PIN than the relay', e.otherPin, 0],
  ['does not open', e.pin, 1],
] as const)
  test(`a right proof whose box ${what} ends the run as damaged, counts as no try and claims nothing`, async (t) => {
    const env = await siteWithPassword(makeAgentWorld(t))
    const run = await answered(t, env, e.txn, e.pin)
    const judged = await prove(t, env, e.txn, e.pin, await proofOf(env, run, pinInBox, spoil))
    assert.deepEqual(
      [judged.phase, judged.code, judged.told],
      ['stopped', 'request.damaged', 'request.damaged'],
    )
    assert.deepEqual([judged.grant?.state, judged.grant?.fails], ['open', {}])
    assert.deepEqual(await env.store.handhelds.keys(e.pin), [])
  })

test('the PIN that claimed a password proves again with a new run; another does not', async (t) => {
  const env = await siteWithPassword(makeAgentWorld(t))
  const first = await answered(t, env, e.txn, e.pin)
  await prove(t, env, e.txn, e.pin, await proofOf(env, first))
  const thirdTxn = 'cc'.repeat(16) as ActivationId
  const other = await answered(t, env, thirdTxn, e.otherPin, e.start + 1_000)
  const refused = await prove(t, env, thirdTxn, e.otherPin, await proofOf(env, other))
  assert.deepEqual([refused.code, refused.grant?.fails], ['grant.claimed', {}])
  const second = await answered(t, env, e.otherTxn, e.pin, e.start + 2_000)
  const again = await prove(t, env, e.otherTxn, e.pin, await proofOf(env, second))
  assert.deepEqual([again.phase, again.grant?.claim?.txn], ['claimed', e.otherTxn])
  assert.equal((await env.store.activations.find(e.txn))?.stage, 'superseded')
})

test('an older mail that comes after a newer one gives way, and its proof is told so', async (t) => {
  const env = await siteWithPassword(makeAgentWorld(t))
  const newer = await answered(t, env, e.txn, e.pin, e.start + 60_000)
  const older = await answered(t, env, e.otherTxn, e.pin, e.start)
  const stale = await prove(t, env, e.otherTxn, e.pin, await proofOf(env, older))
  assert.deepEqual(
    [stale.code, stale.told, stale.grant?.state],
    ['request.superseded', 'request.superseded', 'open'],
  )
  const good = await prove(t, env, e.txn, e.pin, await proofOf(env, newer))
  assert.equal(good.phase, 'claimed')
})
