import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as e from '../activation/events.ts'
import { day, firstKid, Pair } from './rolling-pair.ts'

const minute = 60_000

test('an administrator’s word rolls a key over, and the old key is gone on both sides', async (t) => {
  const pair = new Pair(t)
  await pair.begin()
  await pair.want()
  await pair.settle()
  const kid = await pair.agreed()
  await pair.want()
  await pair.settle()
  await pair.agreed(kid)
  assert.deepEqual(pair.dropped, [])
})

test('a handheld rolls its key over when somebody there wants it', async (t) => {
  const pair = new Pair(t)
  await pair.begin()
  pair.handheld.raise({ kind: 'roll' })
  await pair.settle()
  await pair.agreed()
  assert.deepEqual(pair.dropped, [])
})

test('a key that ML-KEM has a part in is followed by one that it has a part in, whoever begins', async (t) => {
  const pair = new Pair(t, 'hybrid', true)
  await pair.begin()
  for (const begins of ['server', 'handheld'] as const) {
    const before = pair.handheld.state.account?.link.kid
    if (begins === 'server') await pair.want()
    else pair.handheld.raise({ kind: 'roll' })
    await pair.settle()
    await pair.agreed(before)
    assert.equal((await pair.env.store.handhelds.currentKey(e.pin))?.hybrid, true)
    assert.equal(pair.handheld.state.account?.link.hybrid, true)
    const { offer, answer } = (await pair.env.store.rollovers.of(e.pin)) ?? {}
    assert.deepEqual([offer?.length, answer?.length], [1_261, 1_165])
  }
  assert.deepEqual(pair.dropped, [])
})

test('of two offers that cross the server’s wins', async (t) => {
  const pair = new Pair(t)
  await pair.begin()
  await pair.want()
  pair.handheld.raise({ kind: 'roll' })
  await pair.settle()
  await pair.agreed()
  const rollover = await pair.env.store.rollovers.of(e.pin)
  assert.equal(rollover?.side, 'proposer')
  assert.equal(pair.handheld.state.account?.keys.spent.length, 2, 'its own offer’s id and the old key’s')
})

test('the handheld begins after thirty days, before the server, which begins after thirty-one', async (t) => {
  const pair = new Pair(t)
  await pair.begin()
  await pair.pass(29 * day, day)
  assert.deepEqual((await pair.keys()).server, [`current ${firstKid}`])
  await pair.pass(1.5 * day, day / 2)
  const kid = await pair.agreed()
  assert.equal((await pair.env.store.rollovers.of(e.pin))?.side, 'other')
  // A handheld that never begins by itself.
  const { account } = pair.handheld.state
  assert(account)
  pair.handheld.state = {
    ...pair.handheld.state,
    account: { ...account, keys: { ...account.keys, jitterMs: 9 * day } },
  }
  await pair.pass(30.2 * day, day / 2)
  assert.deepEqual((await pair.keys()).server, [`current ${kid}`])
  await pair.pass(day, day / 2)
  await pair.agreed(kid)
  assert.equal((await pair.env.store.rollovers.of(e.pin))?.side, 'proposer')
})

test('each message may be lost, on the way to the relay or there, from either side', async (t) => {
  for (const begins of ['server', 'handheld'] as const)
    for (const fate of ['lost', 'lost_at_relay', 'twice'] as const)
      for (let nth = 0; nth < 6; nth += 1) {
        const pair = new Pair(t, `${begins} ${fate} ${nth}`)
        await pair.begin()
        let count = 0
        pair.fate = () => {
          count += 1
          return count - 1 === nth ? fate : 'through'
        }
        if (begins === 'server') await pair.want()
        else pair.handheld.raise({ kind: 'roll' })
        await pair.settle()
        await pair.pass(3 * minute, 5_000)
        await pair.agreed()
      }
})

test('the handheld may die before and after each of its writes', async (t) => {
  for (const begins of ['server', 'handheld'] as const)
    for (const when of ['before', 'after'] as const)
      for (let count = 1; count <= 5; count += 1) {
        const pair = new Pair(t, `${begins} ${when} ${count}`)
        await pair.begin()
        if (begins === 'server') await pair.want()
        else pair.handheld.raise({ kind: 'roll' })
        pair.handheld.crashIn = { count, when }
        await pair.settle()
        await pair.pass(3 * minute, 5_000)
        await pair.agreed()
      }
})

test('the server may die before and after its commits', async (t) => {
  for (const begins of ['server', 'handheld'] as const)
    for (const point of ['rollover_offer', 'rollover_take', 'rollover_switch'])
      for (const when of ['before', 'after']) {
        const pair = new Pair(t, `${begins} ${point} ${when}`)
        await pair.begin()
        pair.diesAt = `agent.${when}_${point}_commit`
        if (begins === 'server') await pair.want()
        else pair.handheld.raise({ kind: 'roll' })
        await pair.settle()
        await pair.pass(3 * minute, 5_000)
        await pair.agreed()
      }
})

test('an offer that nobody answers is given up after seven days, and another one is made', async (t) => {
  const pair = new Pair(t)
  await pair.begin()
  await pair.want()
  pair.fate = () => 'lost'
  await pair.settle()
  const first = await pair.env.store.rollovers.of(e.pin)
  await pair.pass(7 * day - minute, day / 4)
  assert.equal((await pair.env.store.rollovers.of(e.pin))?.newKid, first?.newKid)
  await pair.pass(2 * minute)
  const second = await pair.env.store.rollovers.of(e.pin)
  assert.notEqual(second?.newKid, first?.newKid)
  assert(first && (await pair.env.store.rollovers.isUsed(e.pin, first.newKid)), 'its id is not used again')
  pair.fate = () => 'through'
  await pair.pass(7 * 60 * minute, 10 * minute)
  await pair.agreed()
})

test('a handheld that is off for three weeks in the middle of a rollover comes back with a key', async (t) => {
  for (const begins of ['server', 'handheld'] as const)
    for (let nth = 0; nth < 6; nth += 1) {
      const pair = new Pair(t, `${begins} ${nth}`)
      await pair.begin()
      let count = 0
      pair.fate = () => {
        count += 1
        return count > nth ? 'lost' : 'through'
      }
      if (begins === 'server') await pair.want()
      else pair.handheld.raise({ kind: 'roll' })
      await pair.settle()
      await pair.pass(21 * day, day / 2)
      pair.fate = () => 'through'
      pair.handheld.login()
      await pair.settle()
      await pair.pass(40 * day, day / 4)
      await pair.agreed()
    }
})

test('no old key is kept longer than seven days after the switch', async (t) => {
  for (const begins of ['server', 'handheld'] as const) {
    const pair = new Pair(t, begins)
    await pair.begin()
    let count = 0
    // Offer, answer and both key checks come through, and nothing after them.
    pair.fate = () => {
      count += 1
      return count > 4 ? 'lost' : 'through'
    }
    if (begins === 'server') await pair.want()
    else pair.handheld.raise({ kind: 'roll' })
    await pair.settle()
    const { server, handheld } = await pair.keys()
    assert.equal(server.length + handheld.length >= 3, true, `${begins}: an old key is still there`)
    await pair.pass(7 * day + minute, day / 4)
    await pair.agreed()
  }
})
