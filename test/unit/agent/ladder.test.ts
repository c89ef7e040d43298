import assert from 'node:assert/strict'
import { test } from 'node:test'
import { climb, counterLookOf, type Proof, type Strategy, type WatchFacts } from '#agent/watch/choose.ts'
import { makeLadder } from '#agent/watch/ladder.ts'
import { systemClock } from '#edge/system.ts'
import { silentLog } from '#kernel/log.ts'
import { makeMemoryMailServer } from '#mailbox/memory-mailbox.ts'

const best: WatchFacts = {
  strategy: 'auto',
  isNamespace: true,
  abilities: { listStatus: true, idle: true, uidExpunge: true },
  mailboxes: 100,
  relayHint: true,
  pushHook: true,
  idleConnectionsMax: 4,
  proofs: new Map(),
}
const useOf = (facts: Partial<WatchFacts>) =>
  Object.fromEntries(climb({ ...best, ...facts }).map(({ strategy, use }) => [strategy, use]))
const lookOf = (facts: Partial<WatchFacts>) => counterLookOf(climb({ ...best, ...facts }))
const late: Proof = { atMs: 7, tookMs: null }

test('the best way that the server offers is used, and the next stands by', () => {
  assert.deepEqual(useOf({}), {
    relay_hint: 'used',
    push: 'used',
    list_status: 'used',
    status: 'spare',
    login: 'unable',
    idle: 'used',
    interval: 'used',
  })
})

test('each thing that is missing costs its own rung, and says so', () => {
  const abilities = { listStatus: false, idle: false, uidExpunge: true }
  assert.equal(lookOf({ abilities }), 'status')
  assert.equal(lookOf({ mailboxes: 3 }), 'status')
  assert.equal(lookOf({ abilities: null }), 'status')
  assert.equal(lookOf({ isNamespace: false }), 'login')
  assert.partialDeepStrictEqual(useOf({ abilities, pushHook: false, relayHint: false }), {
    relay_hint: 'off',
    push: 'off',
    list_status: 'unable',
    idle: 'unable',
  })
  for (const rung of climb({ ...best, abilities, pushHook: false })) assert.match(rung.says, /[\w)]\.$/)
})

test('a way that did not tell of the canary is not used, and says since when', () => {
  const proofs = new Map<Strategy, Proof>([
    ['list_status', late],
    ['idle', late],
  ])
  const rungs = climb({ ...best, proofs })
  assert.equal(counterLookOf(rungs), 'status')
  for (const name of ['list_status', 'idle'])
    assert.partialDeepStrictEqual(
      rungs.find(({ strategy }) => strategy === name),
      { use: 'failed', code: 'watch.not_told', sinceMs: 7 },
    )
})

test('a way that is fixed is used whatever the canary says, and no other', () => {
  const proofs = new Map<Strategy, Proof>([['list_status', late]])
  assert.equal(lookOf({ strategy: 'list_status', proofs }), 'list_status')
  assert.equal(useOf({ strategy: 'list_status' }).idle, 'off')
  assert.equal(lookOf({ strategy: 'interval' }), null)
  assert.equal(lookOf({ strategy: 'idle' }), null)
})

test('the ladder steps down when a canary is late and up again when it is not', async () => {
  const options = {
    strategy: 'auto',
    isNamespace: true,
    relayHint: true,
    pushHook: false,
    idleConnectionsMax: 0,
  } as const
  const ladder = makeLadder(options, { clock: systemClock, log: silentLog })
  ladder.watched(100)
  assert.equal(ladder.look(), 'status')
  await ladder.learning(makeMemoryMailServer(systemClock)).connect({ as: 'service' })
  assert.equal(ladder.look(), 'list_status')
  ladder.proved('list_status', null)
  const [since] = ladder.rungs().flatMap(({ use, sinceMs }) => (use === 'failed' ? [sinceMs] : []))
  assert.equal(ladder.look(), 'status')
  await new Promise((resolve) => setTimeout(resolve, 5))
  ladder.proved('list_status', null)
  assert.deepEqual(
    ladder.rungs().flatMap(({ use, sinceMs }) => (use === 'failed' ? [sinceMs] : [])),
    [since],
  )
  ladder.proved('list_status', 12)
  assert.equal(ladder.look(), 'list_status')
  assert(ladder.rungs().some(({ says }) => / after 12 ms\.$/.test(says)))
})
