/** A wipe is called back, and its handheld has not said which of the two words came first. */
import assert from 'node:assert/strict'
import { before, type TestContext, test } from 'node:test'
import { workOff } from '#agent/desk/desk.ts'
import { ackStatus } from '#protocol/ack.ts'
import { answer, day, give, items, makeKeys, out, settle, site } from './desk-site.ts'

before(makeKeys)

/** A wipe was taken that is due in ten minutes; the word that it is not wanted any more is on its way. */
async function inDoubt(t: TestContext) {
  const at = await site(t)
  const { queue, handhelds } = at.env.store
  await give(at, { command: 'wipe', scope: 0, waitSeconds: 600 })
  const [wipe] = await out(at)
  assert(wipe)
  await answer(at, wipe, ackStatus.accepted)
  const recall = await give(at, { command: 'cancel_wipe' })
  const account = async () => (await handhelds.byPin(at.handheld.pin))[0]?.state
  return { at, recall, account, queue }
}

test('a word that is sent again may have come in time with its first copy', async (t) => {
  const { at, recall, account, queue } = await inDoubt(t)
  at.world.nowMs += 600_000
  await workOff(at.env, at.numbers)
  assert.equal(await account(), 'active')
  assert(await queue.again(recall, at.world.nowMs))
  await settle(at)
  assert.equal(await account(), 'active')
  const [sent] = await out(at)
  assert(sent)
  await answer(at, sent, ackStatus.applied)
  at.world.nowMs += 60 * day
  await workOff(at.env, at.numbers)
  assert.equal(await account(), 'active')
})

test('a word whose place a newer wipe took may have come in time: then the handheld waits for that wipe', async (t) => {
  const { at, account } = await inDoubt(t)
  const newer = await give(at, { command: 'wipe', scope: 0, waitSeconds: 3_600 })
  at.world.nowMs += 600_000
  await workOff(at.env, at.numbers)
  const [wipe] = await items(at)
  assert.deepEqual([await account(), wipe?.id, wipe?.state], ['active', newer, 'out'])
  const [sent] = await out(at)
  assert(sent)
  await answer(at, sent, ackStatus.accepted)
  at.world.nowMs += 3_600_000
  await workOff(at.env, at.numbers)
  assert.equal(await account(), 'wiped')
})

test('a word that could not be made again may have come in time when it was sent', async (t) => {
  const { at, recall, account, queue } = await inDoubt(t)
  await queue.change({ id: recall, nowMs: at.world.nowMs, state: 'set_aside', code: 'storage_key.wrong' })
  at.world.nowMs += 600_000
  await workOff(at.env, at.numbers)
  assert.equal(await account(), 'active')
  at.world.nowMs += 30 * day
  await workOff(at.env, at.numbers)
  assert.equal(await account(), 'wiped')
})
