import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Destination } from '#protocol/relay-frame.ts'
import { mailedToken, makePair, type Pair } from './relay-pair.ts'
import { errorPayload, fence, m2, m3, rawDevice, rawServer } from './relay-raw.ts'
import { makeRelayWorld, newMid, type RelayWorld } from './relay-world.ts'

let world: RelayWorld
let names = 0
let pair: Pair
before(async () => {
  world = await makeRelayWorld({ enrolmentsPerNetworkHour: 1_000 })
})
after(() => world.close())
beforeEach(async () => {
  names += 1
  pair = await makePair(world, names)
})

describe('route tokens', () => {
  it('lead to the PIN that asked, which the receipt names, without any list', async () => {
    const to = await mailedToken(world, pair.device)
    const mid = newMid()
    pair.server.say({ type: 'send', mid, to, ttlSeconds: 60, payload: m2, fence })
    const receipt = await pair.server.next('receipt', mid)
    assert.deepEqual([receipt.status, receipt.pin], [0, pair.pin])
    assert.deepEqual((await pair.device.next('deliver')).payload, m2)
  })

  it('have the PIN named also when the frame was acknowledged, at once or after a new log-in', async () => {
    const to = await mailedToken(world, pair.device)
    const [first, second] = [newMid(), newMid()]
    for (const mid of [first, second])
      assert.equal(await pair.server.send({ mid, to, payload: m2, fence }), 0)
    pair.device.say({ type: 'frame_ack', mid: (await pair.device.next('deliver')).mid })
    const atOnce = await pair.server.next('receipt', first)
    assert.deepEqual([atOnce.status, atOnce.pin], [1, pair.pin])
    await pair.device.leave()
    const { end } = await rawDevice(world, pair.key, pair.pin)
    end.say({ type: 'frame_ack', mid: (await end.next('deliver')).mid })
    const later = await pair.server.next('receipt', second)
    assert.deepEqual([later.status, later.pin], [1, pair.pin])
  })

  it('count for their owner as listing the PIN, so that only the handheld’s list is missing for M3', async () => {
    const to = await mailedToken(world, pair.device)
    assert.equal(await pair.server.send({ to, payload: m2, fence }), 0)
    assert.equal(await pair.device.send({ to: pair.toServer, payload: m3 }), 3)
    pair.device.say({ type: 'dev_peers', srpIds: [pair.srp.srpId] })
    assert.equal(await pair.device.send({ to: pair.toServer, payload: m3 }), 0)
    assert.equal(await pair.server.send({ to: pair.toPin, payload: m2, fence }), 0)
  })

  it('are owned by the first server whose M2 came, not by one that sent an error before', async () => {
    const stranger = await world.addServer(`S${`${names}`.padStart(8, '9')}`)
    const { end: other } = await rawServer(world, stranger)
    const to = await mailedToken(world, pair.device)
    assert.equal(await other.send({ to, payload: errorPayload, fence }), 0)
    assert.equal(await pair.server.send({ to, payload: m2, fence }), 0)
    assert.equal(await other.send({ to, payload: m2, fence }), 4)
    assert.equal(await other.send({ to, payload: errorPayload, fence }), 4)
    assert.equal(await pair.server.send({ to, payload: m2, fence }), 0)
  })

  it('are not for servers without the mail’s domain', async () => {
    const foreign = await world.addServer(`S${`${names}`.padStart(8, '8')}`, ['other.example'])
    const { end } = await rawServer(world, foreign)
    assert.equal(await end.send({ to: await mailedToken(world, pair.device), payload: m2, fence }), 3)
  })

  it('die after twenty frames, at the end of their life, and when they were made elsewhere', async () => {
    const to = await mailedToken(world, pair.device)
    for (let i = 0; i < 20; i += 1)
      assert.equal(await pair.server.send({ to, payload: errorPayload, fence }), 0)
    assert.equal(await pair.server.send({ to, payload: m2, fence }), 4)
    const short = await mailedToken(world, pair.device, 60)
    world.clock.advance(60_001)
    assert.equal(await pair.server.send({ to: short, payload: m2, fence }), 4)
    const forged: Destination = { kind: 'token', token: new Uint8Array(44).fill(1) }
    assert.equal(await pair.server.send({ to: forged, payload: m2, fence }), 4)
  })

  it('keep their frames for a handheld that lists nobody yet', async () => {
    const to = await mailedToken(world, pair.device)
    await pair.device.leave()
    assert.equal(await pair.server.send({ to, payload: m2, fence }), 0)
    const { end } = await rawDevice(world, pair.key, pair.pin)
    end.say({ type: 'dev_peers', srpIds: [] })
    assert.deepEqual((await end.next('deliver')).payload, m2)
    assert.equal((await world.store.relay.listQueued(pair.pin, 0, 10)).length, 1)
  })
})
