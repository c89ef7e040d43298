/** The Policy Service's desk: what a handheld should have reaches it, in order, until it has answered. */
import assert from 'node:assert/strict'
import { before, type TestContext, test } from 'node:test'
import { workOff } from '#agent/desk/desk.ts'
import { itemUndelivered } from '#agent/desk/item-answer.ts'
import { reconcileAll, reconcileOne } from '#agent/desk/reconcile.ts'
import type { AgentEnv } from '#agent/domain.ts'
import { takePacket } from '#agent/inbound-packet.ts'
import { makeNumbers, type Numbers } from '#agent/numbers.ts'
import { keyContext } from '#agent/packets.ts'
import { type Credential, makeCa, makePolicySigner } from '#crypto/certificate.ts'
import { directionKeys, openPacketBody, packetTag, sealPacketBody } from '#crypto/packet.ts'
import { verifyPolicySignature } from '#crypto/policy-verify.ts'
import { newRsaKey } from '#crypto/rsa-key.ts'
import { systemRandom } from '#edge/system.ts'
import type { Pin } from '#kernel/brand.ts'
import { sealOrder } from '#policy/sealed-order.ts'
import { ackStatus, encodeAck, encodeNamesLeftOut } from '#protocol/ack.ts'
import { decodeItAdmin, decodeItPolicy, type ItPolicy } from '#protocol/it-admin.ts'
import { decodeItCommand } from '#protocol/it-command.ts'
import {
  contentTypes,
  decodePacket,
  decodePacketHeader,
  encodePacket,
  encodePacketHeader,
} from '#protocol/packet-frame.ts'
import { decodePayload } from '#protocol/payload.ts'
import { decodeBookSet } from '#protocol/service-book.ts'
import type { Delivery } from '#store/deliveries.ts'
import type { QueueItem } from '#store/queue.ts'
import { start } from '../activation/events.ts'
import { type AtWork, addHandheld } from '../admin/handheld-at-work.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'

const masterKey = new Uint8Array(32).fill(9)
const day = 86_400_000

let ca: Uint8Array
let signer: Credential
before(async () => {
  const [caKey, signerKey] = [await newRsaKey(), await newRsaKey()]
  const terms = { nowMs: start - day, years: 5, random: systemRandom }
  const made = makeCa({ commonName: 'Example CA', organisation: 'Example' }, { ...terms, keyPem: caKey })
  const root = { certificatePem: made.pem, keyPem: caKey }
  ca = made.der
  const signing = makePolicySigner(root, 'Example', { ...terms, keyPem: signerKey })
  signer = { certificatePem: signing.pem, keyPem: signerKey }
})

interface Site {
  readonly world: AgentWorld
  readonly env: AgentEnv
  readonly numbers: Numbers
  readonly handheld: AtWork
  /** The handheld's next packet number. */
  seq: number
}

async function site(t: TestContext): Promise<Site> {
  const world = makeAgentWorld(t)
  const env = { ...world.env, domain: { ...world.env.domain, policySigner: signer } }
  const handheld = await addHandheld(env.store, world.nowMs, undefined, undefined, (pin, kid) =>
    env.vault.seal(keyContext(pin, kid), masterKey),
  )
  return { world, env, numbers: makeNumbers(env.store), handheld, seq: 1 }
}

const items = ({ env, handheld }: Site): Promise<QueueItem[]> =>
  env.store.queue.list({ pin: handheld.pin, limit: 50 })

/** Works off until nothing is due. */
async function settle(site: Site): Promise<void> {
  while ((await workOff(site.env, site.numbers)) > 0);
}

const out = async ({ env, handheld }: Site): Promise<Delivery[]> =>
  env.store.deliveries.runningFor({ pin: handheld.pin })

/** What the packet of a delivery says. */
function contentOf({ payload }: Delivery): { readonly contentType: number; readonly content: Uint8Array } {
  const read = decodePayload(payload, Number.POSITIVE_INFINITY)
  const packet = read.ok ? decodePacket(read.value.bytes) : null
  assert(packet?.ok)
  const header = decodePacketHeader(packet.value.header)
  assert(header.ok)
  const content = openPacketBody(1, directionKeys(masterKey).s2d, packet.value.header, packet.value.body)
  assert(content)
  return { contentType: header.value.contentType, content }
}

/** The handheld's acknowledgement of this delivery. */
async function answer(site: Site, delivery: Delivery, status: number, detail?: Uint8Array): Promise<void> {
  const { env, numbers, handheld } = site
  assert(delivery.packet)
  const { kid, seq, tag } = delivery.packet
  const header = encodePacketHeader({
    kid: handheld.kid,
    direction: 'd2s',
    seq: site.seq++,
    salt: new Uint8Array(16),
    contentType: contentTypes.ack,
    flags: 0,
  })
  const content = encodeAck({ kid, seq, tag, status, ...(detail ? { detail } : {}) })
  const body = sealPacketBody(1, directionKeys(masterKey).d2s, header, content)
  assert(packetTag(header).length === 8)
  await takePacket(env, numbers.seq, handheld.pin, encodePacket({ header, body }))
}

async function policyIn(delivery: Delivery): Promise<ItPolicy> {
  const { contentType, content } = contentOf(delivery)
  assert.equal(contentType, contentTypes.itAdmin)
  const admin = decodeItAdmin(content)
  assert(admin.ok && admin.value.type === 'policy')
  const signed = await verifyPolicySignature(admin.value.cms, ca, start)
  assert(signed.ok, 'the policy is signed by the domain')
  const policy = decodeItPolicy(signed.value)
  assert(policy.ok)
  return policy.value
}

async function setDefault({ env, world }: Site, rules: Record<string, boolean | number>): Promise<void> {
  const policy = await env.store.policies.find('default')
  assert(policy)
  const { id, revision: expected } = policy
  assert(await env.store.policies.change({ id, expected, rules, note: '', nowMs: world.nowMs }))
}

test('a changed policy is queued, signed and sent, and the books follow once it is applied', async (t) => {
  const at = await site(t)
  await setDefault(at, { allow_browser: false })
  assert.equal(await reconcileAll(at.env), 2, 'the policy, and the books without a browser')
  assert.equal(await reconcileAll(at.env), 0, 'what is queued is not queued twice')
  await settle(at)
  const [policyOut, ...none] = await out(at)
  assert(policyOut)
  assert.deepEqual(none, [], 'no books beside a policy')
  const policy = await policyIn(policyOut)
  assert.equal(policy.rules.get('allow_browser'), false)
  assert.deepEqual([policy.pin, policy.srpId, policy.policyId], [at.handheld.pin, 'S00000001', 'default'])
  await answer(at, policyOut, ackStatus.appliedInPart, encodeNamesLeftOut(['prepopulation_days']))
  await settle(at)
  const [booksOut] = await out(at)
  assert(booksOut)
  const { contentType, content } = contentOf(booksOut)
  assert.equal(contentType, contentTypes.serviceBook)
  const set = decodeBookSet(content)
  assert(set.ok)
  assert(!set.value.books.some(({ cid }) => cid === 'BrowserConfig'))
  assert(set.value.number > policy.number, 'one sequence for both')
  await answer(at, booksOut, ackStatus.applied)
  assert.deepEqual(
    (await items(at)).map(({ kind, state, leftOut }) => [kind, state, leftOut]),
    [
      ['books', 'done', []],
      ['policy', 'done', ['prepopulation_days']],
    ],
  )
  const [account] = await at.env.store.handhelds.byPin(at.handheld.pin)
  assert.deepEqual([account?.policy.applied, account?.books.applied], [policy.number, set.value.number])
  assert.equal(await reconcileOne(at.env, at.handheld.pin), 0, 'it has what it should have')
})

test('a policy changed again on its way goes under a higher number, and the older answer counts for nothing', async (t) => {
  const at = await site(t)
  await setDefault(at, { password_min_length: 6 })
  await reconcileAll(at.env)
  await settle(at)
  const [older] = await out(at)
  await setDefault(at, { password_min_length: 8 })
  await reconcileAll(at.env)
  await settle(at)
  const [newer] = await out(at)
  assert(older && newer && older.key !== newer.key)
  const [first, second] = [await policyIn(older), await policyIn(newer)]
  assert(second.number > first.number)
  await answer(at, older, ackStatus.applied)
  assert.equal((await items(at))[0]?.state, 'out')
  await answer(at, newer, ackStatus.applied)
  assert.equal((await items(at))[0]?.state, 'done')
})

test('books for which the handheld says that it has no policy bring the policy first, then the books', async (t) => {
  const at = await site(t)
  await at.env.store.policies.setBookRemoved(at.handheld.userId, 'CICAL', true)
  await reconcileAll(at.env)
  await settle(at)
  // The policy of the activation is another one too: it goes first.
  const [policy] = await out(at)
  assert(policy)
  await answer(at, policy, ackStatus.applied)
  await settle(at)
  const [books] = await out(at)
  assert(books)
  await answer(at, books, ackStatus.notNow)
  assert.equal(await reconcileOne(at.env, at.handheld.pin), 1)
  at.world.nowMs += 61_000
  await settle(at)
  const again = await out(at)
  assert.deepEqual(
    again.map(({ of }) => of),
    ['policy'],
  )
})

test('what was sent for seven days in vain is sealed anew under a new number, and keeps its code', async (t) => {
  const at = await site(t)
  await setDefault(at, { password_min_length: 6 })
  await reconcileAll(at.env)
  await settle(at)
  const [old] = await out(at)
  assert(old)
  const policyItem = async () => (await items(at)).find(({ kind }) => kind === 'policy')
  const item = await policyItem()
  at.world.nowMs += 7 * day
  await itemUndelivered(at.env, item?.id ?? 0, old.key)
  await settle(at)
  const [now] = await out(at)
  assert(now && now.key !== old.key)
  assert((await policyIn(now)).number > (await policyIn(old)).number)
  const after = await policyItem()
  assert.deepEqual([after?.state, after?.code, after?.tries], ['out', 'packet.undelivered', 2])
  await itemUndelivered(at.env, after?.id ?? 0, old.key)
  assert.equal((await policyItem())?.state, 'out', 'the end of an older packet says nothing')
})

test('an item that cannot be made is set aside after five tries, and the others go on', async (t) => {
  const at = await site(t)
  const { pin, userId } = at.handheld
  const order = { command: 'set_owner', ownerText: 'Acme' } as const
  const good = sealOrder(at.env.vault, pin, order)
  const command = { pin, userId, kind: 'command', command: 'set_owner', nowMs: at.world.nowMs } as const
  await at.env.store.queue.add([
    { ...command, sealed: good.map((byte) => byte ^ 1) },
    { ...command, sealed: good },
  ])
  for (let i = 0; i < 8; i += 1) {
    await settle(at)
    at.world.nowMs += 600_000
  }
  const [second, first] = await items(at)
  assert.deepEqual([first?.state, first?.code, first?.failures], ['set_aside', 'storage_key.wrong', 5])
  assert.equal(second?.state, 'out')
  const [sent] = await out(at)
  assert(sent)
  const admin = decodeItAdmin(contentOf(sent).content)
  assert(admin.ok && admin.value.type === 'command')
  assert.equal(admin.value.command, 'set_owner')
  const signed = await verifyPolicySignature(admin.value.cms, ca, at.world.nowMs)
  assert(signed.ok)
  const read = decodeItCommand(signed.value)
  assert(read.ok && read.value.command === 'set_owner')
  assert.deepEqual([read.value.pin, read.value.ownerText], [pin, 'Acme'])
})

test('a wipe that is acknowledged ends the account with its keys, a delayed one at its time', async (t) => {
  for (const waitSeconds of [0, 600]) {
    const at = await site(t)
    const { pin, userId, kid } = at.handheld
    const sealed = sealOrder(at.env.vault, pin, { command: 'wipe', scope: 0, waitSeconds })
    await at.env.store.queue.add([
      { pin, userId, kind: 'command', command: 'wipe', sealed, nowMs: at.world.nowMs },
    ])
    await settle(at)
    const [wipe] = await out(at)
    assert(wipe)
    await answer(at, wipe, ackStatus.accepted)
    await settle(at)
    const isOver = waitSeconds === 0
    assert.equal((await at.env.store.handhelds.key(pin, kid)) === null, isOver)
    at.world.nowMs += 600_000
    await workOff(at.env, at.numbers)
    assert.equal((await at.env.store.handhelds.byPin(pin))[0]?.state, 'wiped')
    assert.equal(await at.env.store.handhelds.key(pin, kid), null)
  }
})

test('a delayed wipe that is taken back leaves the handheld at work', async (t) => {
  const at = await site(t)
  const { pin, userId } = at.handheld
  const order = async (command: 'wipe' | 'cancel_wipe', sealed: Uint8Array) => {
    await at.env.store.queue.add([{ pin, userId, kind: 'command', command, sealed, nowMs: at.world.nowMs }])
    await settle(at)
    const [sent] = await out(at)
    assert(sent)
    return sent
  }
  const wipe = sealOrder(at.env.vault, pin, { command: 'wipe', scope: 1, waitSeconds: 600 })
  await answer(at, await order('wipe', wipe), ackStatus.accepted)
  const back = sealOrder(at.env.vault, pin, { command: 'cancel_wipe' })
  await answer(at, await order('cancel_wipe', back), ackStatus.applied)
  at.world.nowMs += day
  await workOff(at.env, at.numbers)
  assert.equal((await at.env.store.handhelds.byPin(pin))[0]?.state, 'active')
})

test('whatever comes from a handheld brings again what was delivered to it and never answered', async (t) => {
  const at = await site(t)
  await setDefault(at, { password_min_length: 6 })
  await reconcileAll(at.env)
  await settle(at)
  const [sent] = await out(at)
  assert(sent)
  const { store } = at.env
  await store.deliveries.attempted(sent.id, [new Uint8Array(16)], at.world.nowMs, at.world.nowMs + 15_000)
  const receipt = (status: number) =>
    store.activations.commit({
      nowMs: at.world.nowMs,
      receipts: [{ deliveryId: sent.id, status, atMs: at.world.nowMs, nextAtMs: at.world.nowMs + 3_600_000 }],
    })
  const dueNow = async () => (await store.deliveries.due(at.world.nowMs, 10)).length
  at.world.nowMs += 20_000
  await receipt(0)
  await answer(at, { ...sent, packet: { kid: 1, seq: 1, tag: new Uint8Array(8) } }, ackStatus.applied)
  assert.equal(await dueNow(), 0, 'the relay has it still: it will come')
  await receipt(1)
  await answer(at, { ...sent, packet: { kid: 1, seq: 1, tag: new Uint8Array(8) } }, ackStatus.applied)
  assert.equal(await dueNow(), 1)
})

test('a handheld that owes its policy for too long is told "not now" for mail and sync until it has it', async (t) => {
  const at = await site(t)
  const cutOffMs = 3_600_000
  const env = { ...at.env, domain: { ...at.env.domain, cutOffMs } }
  const strict: Site = { ...at, env }
  await setDefault(strict, { password_min_length: 6 })
  await reconcileAll(env)
  await settle(strict)
  const [policy] = await out(strict)
  assert(policy)
  const statusOfMail = async () => {
    const header = encodePacketHeader({
      kid: at.handheld.kid,
      direction: 'd2s',
      seq: strict.seq++,
      salt: new Uint8Array(16),
      contentType: contentTypes.cmime,
      flags: 0,
    })
    const body = sealPacketBody(1, directionKeys(masterKey).d2s, header, new Uint8Array([0x80]))
    await takePacket(env, at.numbers.seq, at.handheld.pin as Pin, encodePacket({ header, body }))
    const given = await env.store.handhelds.answerGiven(at.handheld.pin, at.handheld.kid, strict.seq - 1)
    return given?.status
  }
  assert.equal(await statusOfMail(), ackStatus.unknown)
  at.world.nowMs += cutOffMs
  assert.equal(await statusOfMail(), ackStatus.notNow)
  await answer(strict, policy, ackStatus.applied)
  assert.equal(await statusOfMail(), ackStatus.unknown)
})
