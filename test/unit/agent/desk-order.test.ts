/** In which order commands go where one that was on its way has to go again: each goes, and each is carried out once. */
import assert from 'node:assert/strict'
import { before, type TestContext, test } from 'node:test'
import { itemUndelivered } from '#agent/desk/item-answer.ts'
import { ackStatus } from '#protocol/ack.ts'
import type { QueueItem } from '#store/queue.ts'
import { answer, give, items, makeKeys, out, type Site, settle, site } from './desk-site.ts'

before(makeKeys)

async function found(at: Site, id: number): Promise<QueueItem> {
  const item = (await items(at)).find((one) => one.id === id)
  assert(item)
  return item
}

/** A lock is on its way, and a wipe that was taken is called back behind it. */
async function behindALock(t: TestContext) {
  const at = await site(t)
  const [lock, back] = [await give(at, { command: 'lock' }), await give(at, { command: 'cancel_wipe' })]
  const states = async () => [(await found(at, lock)).state, (await found(at, back)).state]
  const answerNewest = async (status: number) => {
    const [sent] = await out(at)
    assert(sent)
    await answer(at, sent, status)
    await settle(at)
  }
  assert.deepEqual(await states(), ['out', 'waiting'])
  return { at, lock, back, states, answerNewest }
}

test('a command that nobody answered for a week goes again before the word that waits for it, under its number', async (t) => {
  const { at, lock, states, answerNewest } = await behindALock(t)
  const { number, deliveryKey } = await found(at, lock)
  await itemUndelivered(at.env, lock, deliveryKey ?? '')
  await settle(at)
  assert.deepEqual(await states(), ['out', 'waiting'])
  assert.equal((await found(at, lock)).number, number)
  await answerNewest(ackStatus.applied)
  assert.deepEqual(await states(), ['done', 'out'])
})

test('a command that an administrator sends again holds up nobody', async (t) => {
  const { at, lock, states, answerNewest } = await behindALock(t)
  assert(await at.env.store.queue.again(lock, at.world.nowMs))
  await settle(at)
  assert.deepEqual(await states(), ['out', 'waiting'])
  await answerNewest(ackStatus.applied)
  await answerNewest(ackStatus.applied)
  assert.deepEqual(await states(), ['done', 'done'])
})

test('the word that a wipe is not wanted goes while a command waits for its next try', async (t) => {
  const { at, states, answerNewest } = await behindALock(t)
  await answerNewest(ackStatus.tryAgain)
  assert.deepEqual(await states(), ['waiting', 'out'])
  await answerNewest(ackStatus.applied)
  at.world.nowMs += 60_000
  await settle(at)
  assert.deepEqual(await states(), ['out', 'done'])
})
