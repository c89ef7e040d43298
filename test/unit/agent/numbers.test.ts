import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstBlock, makeNumbers } from '#agent/numbers.ts'
import { limits } from '#kernel/limits.ts'
import * as e from '../activation/events.ts'
import { makeAgentWorld } from './agent-env.ts'

const size = limits.seqReserveBlock

test('numbers asked for at once are all different and rise in the order of asking, a block for each commit', async (t) => {
  const { env, commits } = makeAgentWorld(t)
  const numbers = makeNumbers(env.store)
  commits.length = 0
  const asked = await Promise.all(Array.from({ length: size + 1 }, () => numbers.provisioning()))
  assert.deepEqual(
    asked,
    Array.from({ length: size + 1 }, (_, i) => i + 1),
  )
  assert.equal(commits.length, 2)
})

test('after a restart, and on another machine, numbers go on above all that may have been given', async (t) => {
  const { env } = makeAgentWorld(t)
  const first = makeNumbers(env.store)
  assert.equal(await first.provisioning(), 1)
  assert.equal(await makeNumbers(env.store).provisioning(), size + 1)
  assert.equal(await first.provisioning(), 2 * size + 1, 'a handheld may have one of the second agent by now')
})

test('a block that could not be spoken for gives no number, and the next try does', async () => {
  let tries = 0
  const takeNumbers = async () => {
    tries += 1
    if (tries === 1) throw new Error('the disk failed')
    return 7
  }
  const lastNumber = async () => 0
  const numbers = makeNumbers({ installation: { takeNumbers, lastNumber } } as unknown as Parameters<
    typeof makeNumbers
  >[0])
  const both = await Promise.allSettled([numbers.provisioning(), numbers.provisioning()])
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(await numbers.provisioning(), 7)
})

test('the first numbers of a new key cost no commit; after them come those above its first block', async (t) => {
  const { env, commits } = makeAgentWorld(t)
  const window = new Uint8Array(1)
  const key = {
    pin: e.pin,
    kid: 7,
    suite: 1,
    txn: e.txn,
    sealed: window,
    window,
    nextSeq: firstBlock.end,
  } as const
  await env.store.activations.commit({ nowMs: e.start, addKey: key })
  const numbers = makeNumbers(env.store)
  numbers.begun(e.pin, 7, firstBlock)
  commits.length = 0
  for (let seq = firstBlock.next; seq < firstBlock.end; seq += 1)
    assert.equal(await numbers.seq(e.pin, 7), seq)
  assert.equal(commits.length, 0)
  assert.equal(await numbers.seq(e.pin, 7), firstBlock.end)
  assert.equal(await makeNumbers(env.store).seq(e.pin, 7), firstBlock.end + size)
})
