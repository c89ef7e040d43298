/** What comes late to the desk: an answer to what was taken out, a lost answer's second copy, a date put right. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { workOff } from '#agent/desk/desk.ts'
import { readOnce } from '#agent/desk/entitled.ts'
import { reconcileAll } from '#agent/desk/reconcile.ts'
import { makeItem, sendItem } from '#agent/desk/send-item.ts'
import { startAgentHousekeeping } from '#agent/housekeeping.ts'
import { makeNumbers } from '#agent/numbers.ts'
import { verifyPolicySignature } from '#crypto/policy-verify.ts'
import { ackStatus } from '#protocol/ack.ts'
import { decodeItAdmin } from '#protocol/it-admin.ts'
import type { Order } from '#protocol/it-command.ts'
import { decodeItCommand } from '#protocol/it-command.ts'
import type { Delivery } from '#store/deliveries.ts'
import {
  answer,
  ca,
  contentOf,
  day,
  give,
  items,
  makeKeys,
  out,
  policyIn,
  type Site,
  setDefault,
  settle,
  site,
} from './desk-site.ts'

before(makeKeys)

async function order(at: Site, what: Order): Promise<Delivery> {
  await give(at, what)
  return only(at)
}

async function only(at: Site): Promise<Delivery> {
  const [sent, ...others] = await out(at)
  assert(sent && others.length === 0)
  return sent
}

async function commandIn(at: Site, delivery: Delivery): Promise<Uint8Array> {
  const admin = decodeItAdmin(contentOf(delivery).content)
  assert(admin.ok && admin.value.type === 'command')
  const signed = await verifyPolicySignature(admin.value.cms, ca, at.world.nowMs)
  assert(signed.ok)
  return signed.value
}

const numberIn = async (at: Site, delivery: Delivery): Promise<number> => {
  const command = decodeItCommand(await commandIn(at, delivery))
  assert(command.ok)
  return command.value.number
}

/** As the courier does it after seven days. */
async function sealAnew(at: Site): Promise<Delivery> {
  const [item] = await items(at)
  assert(item)
  at.world.nowMs += 7 * day
  const { nowMs } = at.world
  await at.env.store.queue.change({ id: item.id, nowMs, state: 'waiting', dueAtMs: nowMs })
  await settle(at)
  return only(at)
}

test('a command that is sealed anew says the same under the same number, so that it is carried out once', async (t) => {
  const at = await site(t)
  const first = await order(at, { command: 'lock', password: 'correct horse' })
  const second = await sealAnew(at)
  assert.notDeepEqual(second.packet?.seq, first.packet?.seq)
  assert.notEqual(second.key, first.key)
  assert.deepEqual(await commandIn(at, second), await commandIn(at, first))
})

test('a command whose number was refused goes once under a higher one, and keeps that', async (t) => {
  const at = await site(t)
  const first = await order(at, { command: 'lock' })
  await answer(at, first, ackStatus.refusedNumber)
  await settle(at)
  const second = await only(at)
  const number = await numberIn(at, second)
  assert(number > (await numberIn(at, first)))
  assert.equal(await numberIn(at, await sealAnew(at)), number)
})

test('a wipe that was cancelled on its way and taken all the same ends the account', async (t) => {
  const at = await site(t)
  const wipe = await order(at, { command: 'wipe', scope: 0, waitSeconds: 600 })
  const [item] = await items(at)
  assert(item && (await at.env.store.queue.cancel(item.id, at.world.nowMs)))
  await answer(at, wipe, ackStatus.accepted)
  assert.equal((await items(at))[0]?.state, 'done')
  assert.equal((await at.env.store.handhelds.byPin(at.handheld.pin))[0]?.wipeAtMs, at.world.nowMs + 600_000)
  at.world.nowMs += 600_000
  await workOff(at.env, at.numbers)
  assert.equal((await at.env.store.handhelds.byPin(at.handheld.pin))[0]?.state, 'wiped')
})

test('a policy that was cancelled on its way and applied all the same is known as applied', async (t) => {
  const at = await site(t)
  await setDefault(at, { password_min_length: 6 })
  await reconcileAll(at.env)
  await settle(at)
  const [sent] = await out(at)
  const [item] = (await items(at)).filter(({ kind }) => kind === 'policy')
  assert(sent && item)
  const { number } = await policyIn(sent)
  await at.env.store.queue.cancel(item.id, at.world.nowMs)
  await answer(at, sent, ackStatus.applied)
  assert.equal((await at.env.store.handhelds.byPin(at.handheld.pin))[0]?.policy.applied, number)
})

test('while a wipe waits for its time a changed policy goes out as ever', async (t) => {
  const at = await site(t)
  await answer(at, await order(at, { command: 'wipe', scope: 0, waitSeconds: 600 }), ackStatus.accepted)
  await setDefault(at, { password_min_length: 6 })
  assert((await reconcileAll(at.env)) > 0)
  await settle(at)
  assert.equal((await policyIn(await only(at))).rules.get('password_min_length'), 6)
})

test('of two agents that send one item one does, and the other hands nothing to the relay', async (t) => {
  const at = await site(t)
  await setDefault(at, { password_min_length: 6 })
  await reconcileAll(at.env)
  const [item] = await at.env.store.queue.due(at.world.nowMs, 10)
  assert(item)
  const queued: string[] = []
  const outgoing = {
    begun: <D>(delivery: D) => delivery,
    queued: (list: readonly { readonly key: string }[]) => void queued.push(...list.map(({ key }) => key)),
  }
  const env = { ...at.env, outgoing }
  for (const numbers of [at.numbers, makeNumbers(at.env.store)]) {
    const ready = await makeItem(env, numbers, readOnce(env), item)
    assert(ready)
    await sendItem(env, ready)
  }
  assert.deepEqual(queued, [(await only(at)).key])
  assert.equal((await items(at)).find(({ id }) => id === item.id)?.tries, 1)
})

test('what was queued under a date that was ahead goes when an agent starts under the right one', async (t) => {
  const at = await site(t)
  const rightMs = at.world.nowMs
  at.world.nowMs += day
  await setDefault(at, { password_min_length: 6 })
  await reconcileAll(at.env)
  at.world.nowMs = rightMs
  assert.equal(await workOff(at.env, at.numbers), 0)
  await new Promise<void>((resolve) => t.after(startAgentHousekeeping(at.env, resolve)))
  assert(await workOff(at.env, at.numbers))
  await only(at)
})

test('a wipe that was told to go again and whose first copy is answered is taken: nobody answers the second', async (t) => {
  for (const isSealed of [true, false]) {
    const at = await site(t)
    const first = await order(at, { command: 'wipe', scope: 0, waitSeconds: 0 })
    const [item] = await items(at)
    assert(item && (await at.env.store.queue.again(item.id, at.world.nowMs)))
    if (isSealed) await settle(at)
    await answer(at, first, ackStatus.accepted)
    await settle(at)
    assert.equal((await items(at))[0]?.state, 'done')
    assert.deepEqual(await out(at), [])
    assert.equal((await at.env.store.handhelds.byPin(at.handheld.pin))[0]?.state, 'wiped')
  }
})

test('an older copy that is answered otherwise says nothing of the newer one', async (t) => {
  const at = await site(t)
  const first = await order(at, { command: 'lock' })
  const second = await sealAnew(at)
  await answer(at, first, ackStatus.refusedSignature)
  assert.equal((await items(at))[0]?.state, 'out')
  await answer(at, second, ackStatus.applied)
  assert.equal((await items(at))[0]?.state, 'done')
})
