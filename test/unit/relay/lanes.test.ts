import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeLanes } from '#relay/lanes.ts'

/** Work that notes when it begins and ends when it is told to. */
function makeWork(begun: string[]) {
  const ends = new Map<string, () => void>()
  const work = (name: string) => () =>
    new Promise<void>((resolve) => {
      begun.push(name)
      ends.set(name, resolve)
    })
  const end = async (name: string) => {
    ends.get(name)?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { work, end }
}

test('one lane goes in order, and a slow one holds up no other', async () => {
  const begun: string[] = []
  const { work, end } = makeWork(begun)
  const lanes = makeLanes()
  for (const [lane, name] of [
    ['a', 'a1'],
    ['a', 'a2'],
    ['b', 'b1'],
  ] as const)
    void lanes.run(lane, work(name))
  await end('')
  assert.deepEqual(begun, ['a1', 'b1'])
  await end('a1')
  assert.deepEqual(begun, ['a1', 'b1', 'a2'])
  await end('a2')
  await end('b1')
  await lanes.settled()
})

test('work without a lane waits for all before it, and all after it waits for it', async () => {
  const begun: string[] = []
  const { work, end } = makeWork(begun)
  const lanes = makeLanes()
  void lanes.run('a', work('before'))
  void lanes.run(null, work('alone'))
  void lanes.run('b', work('after'))
  await end('')
  assert.deepEqual(begun, ['before'])
  await end('before')
  assert.deepEqual(begun, ['before', 'alone'])
  await end('alone')
  assert.deepEqual(begun, ['before', 'alone', 'after'])
  await end('after')
  await lanes.settled()
})

test('work that fails is told to whoever gave it, and its lane goes on', async () => {
  const lanes = makeLanes()
  const failed = lanes.run('a', () => Promise.reject(new Error('the disk is full')))
  let done = false
  const next = lanes.run('a', () => {
    done = true
  })
  await assert.rejects(failed, /the disk is full/)
  await next
  assert.equal(done, true)
})
