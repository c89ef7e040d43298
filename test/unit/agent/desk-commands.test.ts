/** Commands on their way, items that cannot be made, and what a handheld's word brings again. */
import assert from 'node:assert/strict'
import { before, type TestContext, test } from 'node:test'
import { workOff } from '#agent/desk/desk.ts'
import { reconcileAll } from '#agent/desk/reconcile.ts'
import { takePacket } from '#agent/inbound-packet.ts'
import { directionKeys, sealPacketBody } from '#crypto/packet.ts'
import { verifyPolicySignature } from '#crypto/policy-verify.ts'
import type { Pin } from '#kernel/brand.ts'
import { sealOrder } from '#policy/sealed-order.ts'
import { ackStatus, encodeNamesLeftOut } from '#protocol/ack.ts'
import { decodeItAdmin } from '#protocol/it-admin.ts'
import { decodeItCommand, type Order } from '#protocol/it-command.ts'
import { contentTypes, encodePacket, encodePacketHeader } from '#protocol/packet-frame.ts'
import type { Delivery } from '#store/deliveries.ts'
import {
  answer,
  ca,
  contentOf,
  day,
  give,
  items,
  makeKeys,
  masterKey,
  out,
  type Site,
  setDefault,
  settle,
  site,
} from './desk-site.ts'

before(makeKeys)

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
    const { pin, kid } = at.handheld
    await give(at, { command: 'wipe', scope: 0, waitSeconds })
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

/** The packet of a command that is given now. */
async function sent(at: Site, order: Order): Promise<Delivery> {
  await give(at, order)
  const delivery = (await out(at)).at(-1)
  assert(delivery)
  return delivery
}

test('a delayed wipe that is taken back leaves the handheld at work', async (t) => {
  const at = await site(t)
  const { pin } = at.handheld
  await answer(at, await sent(at, { command: 'wipe', scope: 1, waitSeconds: 600 }), ackStatus.accepted)
  await answer(at, await sent(at, { command: 'cancel_wipe' }), ackStatus.applied)
  at.world.nowMs += day
  await workOff(at.env, at.numbers)
  assert.equal((await at.env.store.handhelds.byPin(pin))[0]?.state, 'active')
})

/** A wipe without a wait is on its way when it is called back, and so is the word of that. */
async function calledBack(t: TestContext) {
  const at = await site(t)
  const { pin } = at.handheld
  const wipe = await sent(at, { command: 'wipe', scope: 0, waitSeconds: 0 })
  const back = await sent(at, { command: 'cancel_wipe' })
  assert.deepEqual(
    (await items(at)).map(({ command, state }) => [command, state]),
    [
      ['cancel_wipe', 'out'],
      ['wipe', 'replaced'],
    ],
  )
  const account = async () => (await at.env.store.handhelds.byPin(pin))[0]?.state
  return { at, wipe, back, account }
}

test('a wipe that lies at the relay is called back by a word right behind it, in whatever order they are answered', async (t) => {
  for (const wipeFirst of [true, false]) {
    const { at, wipe, back, account } = await calledBack(t)
    const answers = [() => answer(at, wipe, ackStatus.accepted), () => answer(at, back, ackStatus.applied)]
    for (const one of wipeFirst ? answers : answers.reverse()) {
      await one()
      await workOff(at.env, at.numbers)
    }
    at.world.nowMs += 60 * day
    await workOff(at.env, at.numbers)
    assert.equal(await account(), 'active')
    assert.deepEqual(
      (await items(at)).map(({ state }) => state),
      ['done', 'done'],
    )
  }
})

test('a word that was taken out of the queue after it was sent may have come in time all the same', async (t) => {
  const { at, wipe, back, account } = await calledBack(t)
  const [cancel] = await items(at)
  assert(cancel && (await at.env.store.queue.cancel(cancel.id, at.world.nowMs)))
  await answer(at, wipe, ackStatus.accepted)
  at.world.nowMs += day
  await workOff(at.env, at.numbers)
  assert.equal(await account(), 'active')
  await answer(at, back, ackStatus.applied)
  at.world.nowMs += 60 * day
  await workOff(at.env, at.numbers)
  assert.equal(await account(), 'active')
})

test('whether the word came in time is in doubt until it is answered: for thirty days, or until the relay lists nobody', async (t) => {
  for (const leaves of [true, false]) {
    const { at, wipe, back, account } = await calledBack(t)
    await answer(at, wipe, ackStatus.accepted)
    const { store } = at.env
    const refusedFor = async (ms: number) => {
      at.world.nowMs += ms
      const receipt = { deliveryId: back.id, status: 3, atMs: at.world.nowMs, nextAtMs: at.world.nowMs }
      if (leaves) await store.activations.commit({ nowMs: at.world.nowMs, receipts: [receipt] })
      await workOff(at.env, at.numbers)
    }
    await store.deliveries.attempted(back.id, [new Uint8Array(16)], at.world.nowMs, at.world.nowMs)
    await refusedFor(1_000)
    await refusedFor(3_599_000)
    assert.equal(await account(), 'active')
    await refusedFor(1_000)
    assert.equal(await account(), leaves ? 'wiped' : 'active')
    at.world.nowMs += 30 * day
    await workOff(at.env, at.numbers)
    assert.equal(await account(), 'wiped')
  }
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

test('of what a handheld says it left out no more is kept than a policy could hold', async (t) => {
  const at = await site(t)
  await setDefault(at, { password_min_length: 6 })
  await reconcileAll(at.env)
  await settle(at)
  const [sent] = await out(at)
  assert(sent)
  const names = Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(200, 'x'))
  await answer(at, sent, ackStatus.appliedInPart, encodeNamesLeftOut(names))
  const item = (await items(at)).find(({ kind }) => kind === 'policy')
  const [account] = await at.env.store.handhelds.byPin(at.handheld.pin)
  for (const kept of [item?.leftOut, account?.policy.leftOut])
    assert.deepEqual(
      kept,
      names.slice(0, 128).map((name) => name.slice(0, 128)),
    )
})
