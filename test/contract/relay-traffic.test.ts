import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { suspendName } from '#relay/administration.ts'
import { listEachOther, makePair, type Pair } from './relay-pair.ts'
import { fence, m2, m3, rawDevice, rawServer } from './relay-raw.ts'
import { makeRelayWorld, newMid, type RelayWorld, until } from './relay-world.ts'

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

describe('frames between a handheld and a server', () => {
  it('pass only while both list each other, and hold from the next frame on', async () => {
    const { device, server, toPin, toServer } = pair
    assert.equal(await server.send({ to: toPin, payload: m2, fence }), 3)
    server.say({ type: 'srp_serve', pins: [pair.pin] })
    assert.equal(await server.send({ to: toPin, payload: m2, fence }), 3)
    device.say({ type: 'dev_peers', srpIds: [pair.srp.srpId] })
    assert.equal(await device.send({ to: toServer, payload: m3 }), 0)
    assert.equal(await server.send({ to: toPin, payload: m2, fence }), 0)
    server.say({ type: 'srp_drop', pins: [pair.pin] })
    assert.equal(await server.send({ to: toPin, payload: m2, fence }), 3)
    assert.equal(await device.send({ to: toServer, payload: m3 }), 3)
  })

  it('arrive in order under the stamp of their sender, and tell when they were acknowledged', async () => {
    await listEachOther(world, pair)
    const { device, server, toPin, toServer } = pair
    const mids = [newMid(), newMid(), newMid()]
    for (const mid of mids) assert.equal(await server.send({ mid, to: toPin, payload: m2, fence }), 0)
    for (const mid of mids) {
      const frame = await device.next('deliver')
      assert.deepEqual(frame.mid, mid)
      assert.deepEqual(frame.from, { kind: 'server', srpId: pair.srp.srpId })
      device.say({ type: 'frame_ack', mid })
      assert.equal((await server.next('receipt', mid)).status, 1)
    }
    assert.equal(await device.send({ to: toServer, payload: m3 }), 0)
    assert.deepEqual((await server.next('deliver')).from, { kind: 'handheld', pin: pair.pin })
  })

  it('answer a mid sent again with its present status, and with other content 7', async () => {
    await listEachOther(world, pair)
    const { device, server, toPin } = pair
    const again = { mid: newMid(), to: toPin, payload: m2, fence }
    assert.equal(await server.send(again), 0)
    assert.equal(await server.send(again), 0)
    assert.equal(await server.send({ ...again, payload: m3 }), 7)
    await device.next('deliver')
    device.say({ type: 'frame_ack', mid: again.mid })
    assert.equal((await server.next('receipt', again.mid)).status, 1)
    assert.equal(await server.send(again), 1)
    assert.equal(device.received.filter(({ type }) => type === 'deliver').length, 0)
  })

  it('paused or restored machine: are refused from one with an older lease', async () => {
    await listEachOther(world, pair)
    const { server, toPin } = pair
    const under = (generation: number, epoch: number) =>
      server.send({ to: toPin, payload: m2, fence: { generation, epoch } })
    assert.deepEqual(
      [await under(1, 5), await under(1, 4), await under(2, 0), await under(1, 99), await under(2, 0)],
      [0, 5, 0, 5, 0],
    )
  })

  it('are malformed without a fence, too big, or living too long', async () => {
    await listEachOther(world, pair)
    const { device, server, toPin, toServer } = pair
    assert.equal(await server.send({ to: toPin, payload: m2 }), 7)
    assert.equal(await server.send({ to: toPin, payload: new Uint8Array(65_001), fence }), 7)
    assert.equal(await server.send({ to: toPin, payload: m2, fence, ttlSeconds: 604_801 }), 7)
    assert.equal(await device.send({ to: toPin, payload: m3 }), 7)
    assert.equal(await device.send({ to: toServer, payload: m3, fence }), 7)
  })

  it('are expired when their time is over, and never delivered then', async () => {
    await listEachOther(world, pair)
    const { device, server, toPin } = pair
    await device.leave()
    const mid = newMid()
    assert.equal(await server.send({ mid, to: toPin, payload: m2, fence, ttlSeconds: 60 }), 0)
    world.clock.advance(60_001)
    assert.equal((await server.next('receipt', mid)).status, 6)
    assert.equal(await server.send({ mid, to: toPin, payload: m2, fence }), 6)
    const back = await rawDevice(world, pair.key, pair.pin)
    assert.equal(await server.send({ to: toPin, payload: m3, fence }), 0)
    assert.deepEqual((await back.end.next('deliver')).payload, m3)
  })

  it('are withdrawn with 3 when the receiver leaves, but not when the sender does', async () => {
    await listEachOther(world, pair)
    const { device, server, toPin, toServer } = pair
    await server.leave()
    const wipeAck = newMid()
    assert.equal(await device.send({ mid: wipeAck, to: toServer, payload: m3 }), 0)
    device.say({ type: 'dev_peers', srpIds: [] })
    const back = await rawServer(world, pair.srp)
    assert.deepEqual((await back.end.next('deliver')).mid, wipeAck)
    await device.leave()
    const second = (await rawDevice(world, pair.key, pair.pin)).end
    await listEachOther(world, { ...pair, device: second, server: back.end })
    await second.leave()
    const mid = newMid()
    assert.equal(await back.end.send({ mid, to: toPin, payload: m2, fence }), 0)
    const third = await rawDevice(world, pair.key, pair.pin)
    await third.end.next('deliver')
    third.end.say({ type: 'dev_peers', srpIds: [] })
    assert.equal((await back.end.next('receipt', mid)).status, 3)
  })

  it('reach no suspended handheld', async () => {
    await listEachOther(world, pair)
    await suspendName(world.store.relay, pair.pin, 'lost')
    assert.equal(await pair.server.send({ to: pair.toPin, payload: m2, fence }), 3)
  })
})

describe('queues', () => {
  it('are full at 500 frames of one PIN and direction, and empty again when they are acknowledged', async () => {
    await listEachOther(world, pair)
    const { device, server, toPin, toServer } = pair
    await device.leave()
    const statuses: number[] = []
    for (let i = 0; i < 10; i += 1)
      statuses.push(
        ...(await Promise.all(
          Array.from({ length: 50 }, () => server.send({ to: toPin, payload: m2, fence })),
        )),
      )
    assert.deepEqual([...new Set(statuses)], [0])
    assert.equal(await server.send({ to: toPin, payload: m2, fence }), 2)
    const { end } = await rawDevice(world, pair.key, pair.pin)
    assert.equal(await end.send({ to: toServer, payload: m3 }), 0, 'the other direction has its own queue')
    for (let i = 0; i < 500; i += 1) end.say({ type: 'frame_ack', mid: (await end.next('deliver')).mid })
    await until(
      async () => (await world.store.relay.listQueued(pair.pin, 0, 1)).length === 0,
      'an empty queue',
    )
    assert.equal(await server.send({ to: toPin, payload: m2, fence }), 0)
  })

  it('give a handheld 32 unacknowledged frames and no more, and those again only after a new log-in', async () => {
    await listEachOther(world, pair)
    const { device, server, toPin } = pair
    const mids: Uint8Array[] = []
    for (let i = 0; i < 40; i += 1) {
      const mid = newMid()
      mids.push(mid)
      assert.equal(await server.send({ mid, to: toPin, payload: m2, fence }), 0)
    }
    const first = []
    for (let i = 0; i < 32; i += 1) first.push((await device.next('deliver')).mid)
    assert.deepEqual(first, mids.slice(0, 32))
    const [one] = first
    assert.ok(one)
    device.say({ type: 'frame_ack', mid: one })
    assert.deepEqual((await device.next('deliver')).mid, mids[32])
    assert.equal(await device.send({ to: pair.toServer, payload: m3 }), 0)
    assert.equal(device.received.filter(({ type }) => type === 'deliver').length, 0)
    await device.leave()
    const { end } = await rawDevice(world, pair.key, pair.pin)
    assert.deepEqual((await end.next('deliver')).mid, mids[1])
  })

  it('outlive a restart of the relay', async () => {
    await listEachOther(world, pair)
    const { device, server, toPin } = pair
    await device.leave()
    const kept = { mid: newMid(), to: toPin, payload: m2, fence: { generation: 1, epoch: 7 } }
    assert.equal(await server.send(kept), 0)
    await world.restart()
    assert.equal(await server.closed, 1012)
    const { end: again } = await rawServer(world, pair.srp)
    assert.equal(await again.send(kept), 0)
    assert.equal(await again.send({ to: toPin, payload: m2, fence }), 5, 'the fence is kept')
    const { end } = await rawDevice(world, pair.key, pair.pin)
    assert.deepEqual((await end.next('deliver')).mid, kept.mid)
  })

  it('take at most 64 sends without their first receipt from one sender', async () => {
    await listEachOther(world, pair)
    const { server, toPin } = pair
    const statuses = await Promise.all(
      Array.from({ length: 400 }, () => server.send({ to: toPin, payload: m2, fence })),
    )
    assert.ok(statuses.filter((status) => status === 0).length >= 64)
    assert.ok(statuses.includes(8))
    assert.deepEqual([...new Set(statuses)].sort(), [0, 8])
  })
})

describe('frames out of place', () => {
  it('close the connection with 4400', async () => {
    pair.device.say({ type: 'srp_serve', pins: [] })
    assert.equal(await pair.device.closed, 4400)
    pair.server.say({ type: 'mail_ask', body: m2 })
    assert.equal(await pair.server.closed, 4400)
  })

  it('close the connection with 4429 when there are too many', async () => {
    for (let i = 0; i < 1_500; i += 1) pair.device.say({ type: 'frame_ack', mid: newMid() })
    assert.equal(await pair.device.closed, 4429)
  })
})
