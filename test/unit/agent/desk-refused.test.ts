/** An activation that a refusal has stopped goes on when the policy is another one, and not for anything else. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { makeEntitlements } from '#agent/desk/entitled.ts'
import { reviveRefused } from '#agent/desk/reconcile.ts'
import { takePacket } from '#agent/inbound-packet.ts'
import { startPerformer } from '#agent/perform.ts'
import type { ActivationId, MailAddress, Pin } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'
import { ackStatus } from '#protocol/ack.ts'
import * as e from '../activation/events.ts'
import { makeAgentWorld, noNumbers } from './agent-env.ts'
import { activationAfter, policyAck } from './handheld-packets.ts'

async function refused(t: TestContext) {
  const { env } = makeAgentWorld(t)
  const { store } = env
  const address = 'alice@example.test' as MailAddress
  const userId = await store.users.add({ address, displayName: 'Alice', aliases: [], nowMs: e.start })
  assert(userId !== null)
  await activationAfter(env, 8, 'current')
  const account = {
    ...{ pin: e.pin, userId, txn: e.txn, model: 'M', software: '1', platform: 'p', deviceKey: '00' },
    activatedAtMs: e.start,
  }
  await store.activations.commit({ nowMs: e.start, account: { kind: 'activated', account, perUserMax: 1 } })
  const entitled = makeEntitlements(env.domain.srpId, await store.policies.list())
  const { policyDigest: digest } = entitled({
    address,
    displayName: 'Alice',
    policies: [],
    removedBooks: [],
  })
  const sent = { kind: 'sent', pin: e.pin, what: 'policy', number: 41, digest } as const
  await store.activations.commit({ nowMs: e.start, account: sent })
  const nothing = () => assert.fail('nothing is sealed')
  await takePacket(env, nothing, e.pin, policyAck(1, ackStatus.refusedSignature))
  const phase = async () => (await store.activations.find(e.txn))?.phase
  assert.equal(await phase(), 'policy_refused')
  return { env, phase, account }
}

test('a refused policy is sent again when an administrator asks for it, and not because something else changed', async (t) => {
  const { env, phase } = await refused(t)
  const { store } = env
  await reviveRefused(env)
  assert.equal(await phase(), 'policy_refused', 'nothing has changed')
  // An administrator who has mended the signer asks for it.
  await store.activations.commit({ nowMs: e.start, account: { kind: 'unsure', pin: e.pin, what: 'policy' } })
  await reviveRefused(env)
  assert.equal(await phase(), 'policy_due')
})

test('another policy takes the place of a refused one', async (t) => {
  const { env, phase } = await refused(t)
  const { store } = env
  const policy = await store.policies.find('default')
  assert(policy)
  const change = { id: policy.id, expected: 1, rules: { allow_browser: false }, note: '', nowMs: e.start }
  assert(await store.policies.change(change))
  await reviveRefused(env)
  assert.equal(await phase(), 'policy_due')
})

type Refused = Awaited<ReturnType<typeof refused>>

const endings: readonly (readonly [string, FaultCode, (site: Refused) => Promise<unknown>])[] = [
  ['is removed', 'handheld.removed', ({ env }) => env.store.handhelds.end(e.pin, 'removed', e.start)],
  ['is wiped', 'handheld.wiped', ({ env }) => env.store.handhelds.end(e.pin, 'wiped', e.start)],
  [
    'is replaced by another of its user',
    'handheld.replaced',
    (site) => activate(site, e.otherPin, e.otherTxn),
  ],
  ['is activated anew', 'request.superseded', (site) => activate(site, e.pin, e.otherTxn)],
]

const activate = ({ env, account }: Refused, pin: Pin, txn: ActivationId) =>
  env.store.activations.commit({
    nowMs: e.start,
    account: {
      kind: 'activated',
      account: { ...account, pin, txn, activatedAtMs: e.start },
      perUserMax: 1,
    },
  })

for (const [what, code, end] of endings)
  test(`a run that a refusal has stopped ends when its handheld ${what}`, async (t) => {
    const site = await refused(t)
    const { store } = site.env
    const woken = new Set<string>()
    const stop = store.onCommit((changed) => {
      for (const one of changed) woken.add(one)
    })
    await end(site)
    stop()
    assert(woken.has('work'), 'the performer is told')
    const performer = startPerformer(site.env, noNumbers)
    t.after(() => performer.close())
    for (let i = 0; i < 100 && (await site.phase()) !== 'stopped'; i += 1) await setTimeout(10)
    const ended = await store.activations.find(e.txn)
    assert.deepEqual([ended?.phase, ended?.code], ['stopped', code])
    const isSuperseded = code === 'request.superseded'
    assert.deepEqual(
      [ended?.stage, ended?.supersededBy],
      isSuperseded ? ['superseded', e.otherTxn] : ['failed', undefined],
    )
    assert.deepEqual(await store.activations.list({ open: true, limit: 9 }), [])
    assert.deepEqual(await store.activations.workOf(e.txn), [])
  })
