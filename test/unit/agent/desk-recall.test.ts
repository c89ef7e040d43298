/** A wipe is called back, and its handheld has not said which of the two words came first. */
import assert from 'node:assert/strict'
import { before, type TestContext, test } from 'node:test'
import { workOff } from '#agent/desk/desk.ts'
import { sealOrder } from '#policy/sealed-order.ts'
import { ackStatus } from '#protocol/ack.ts'
import { answer, day, items, makeKeys, out, settle, site } from './desk-site.ts'

before(makeKeys)

/** A wipe was taken that is due in ten minutes; the word that it is not wanted any more is on its way. */
async function inDoubt(t: TestContext) {
  const at = await site(t)
  const { pin, userId } = at.handheld
  const { queue, handhelds } = at.env.store
  const give = async (command: 'wipe' | 'cancel_wipe', waitSeconds = 0): Promise<number> => {
    const order = command === 'wipe' ? ({ command, scope: 0, waitSeconds } as const) : { command }
    const sealed = sealOrder(at.env.vault, pin, order)
    const [id] = await queue.add([{ pin, userId, kind: 'command', command, sealed, nowMs: at.world.nowMs }])
    assert(id)
    return id
  }
  await give('wipe', 600)
  await settle(at)
  const [wipe] = await out(at)
  assert(wipe)
  await answer(at, wipe, ackStatus.accepted)
  const recall = await give('cancel_wipe')
  await settle(at)
  const account = async () => (await handhelds.byPin(pin))[0]?.state
  return { at, recall, give, account, queue }
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
  const { at, give, account } = await inDoubt(t)
  const newer = await give('wipe', 3_600)
  await settle(at)
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
