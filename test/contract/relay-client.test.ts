import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Pin, SrpId } from '#kernel/brand.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { Fault } from '#kernel/fault.ts'
import { silentLog } from '#kernel/log.ts'
import { ensureRelayIdentity } from '#relay/identity.ts'
import type { DialRelay } from '#relay/link.ts'
import { connectInMemory } from '#relay/memory-link.ts'
import { startRelay } from '#relay/relay.ts'
import type { DeviceConnection, ServerConnection } from '#relay/relay-client.ts'
import { defaultRelaySettings } from '#relay/settings.ts'
import { webSocketDial } from '#relay/ws-dial.ts'
import { connectAgent, connectPhone } from './relay-peers.ts'
import { fence, m2, m3 } from './relay-raw.ts'
import {
  makeRelayWorld,
  newDeviceKey,
  newMid,
  type RelayWorld,
  random,
  relayId,
  until,
} from './relay-world.ts'

let world: RelayWorld
before(async () => {
  world = await makeRelayWorld({ enrolmentsPerNetworkHour: 1_000 })
})
after(() => world.close())

const device = (over: Partial<DeviceConnection> = {}) => connectPhone(world, over)
const server = (name: string, over: Partial<ServerConnection> = {}) => connectAgent(world, name, over)

let pings = 0
let pongs = 0
/** A connection whose pongs get lost while `muted`. */
const mutedDial =
  (muted: () => boolean): DialRelay =>
  (listener) => {
    const dial = webSocketDial({ url: world.url(), relayId, ca: world.ca, role: 'device' })
    const link = dial({
      opened: () => listener.opened(),
      message: (bytes) => listener.message(bytes),
      text: () => listener.text(),
      drained: () => listener.drained(),
      closed: (code, error) => listener.closed(code, error),
      ponged: () => {
        if (muted()) return
        pongs += 1
        listener.ponged()
      },
    })
    const ping = () => {
      pings += 1
      link.ping()
    }
    return { ...link, ping }
  }

describe('the relay client', () => {
  it('logs a handheld in, tells its PIN and certificate, and keeps both for the next log-in', async () => {
    const peer = device()
    assert.equal(peer.it.send({ type: 'dev_peers', srpIds: [] }), false, 'not before the log-in')
    await peer.ready()
    assert.deepEqual(peer.stages, ['ready'])
    const [first] = peer.infos
    assert.ok(first)
    await world.restart()
    await peer.stage('waiting')
    assert.equal(peer.it.state().code, 'relay.unreachable')
    world.clock.advance(30_001)
    await peer.ready(2)
    assert.deepEqual(peer.infos[1]?.pin, first.pin)
    await peer.it.close()
    assert.equal(peer.it.state().stage, 'closed')
  })

  it('logs a server in and shows seal keys that are not pinned', async () => {
    const peer = await server('S00000001')
    await peer.ready()
    assert.deepEqual(peer.infos[0]?.unconfirmedSealKeys, [])
    await peer.it.close()
    const pinned = await server('S00000001', { pinnedSealKeys: [new Uint8Array(32)] })
    await pinned.ready()
    assert.deepEqual(pinned.infos[0]?.unconfirmedSealKeys, peer.infos[0]?.sealKeys)
    await pinned.it.close()
  })

  it('does not trust a certificate of another CA, or of another name', async () => {
    const strange = device({ ca: world.strangeCa })
    await strange.stage('waiting')
    assert.equal(strange.it.state().code, 'relay.untrusted')
    const otherName = device({ relayId: 'other.test' as typeof relayId })
    await otherName.stage('waiting')
    assert.equal(otherName.it.state().code, 'relay.untrusted')
    await Promise.all([strange.it.close(), otherName.it.close()])
  })

  it('does not prove itself to a relay that does not know its key', async () => {
    const peer = await server('S00000002', { srpKey: random.bytes(32) })
    await peer.stage('waiting')
    assert.equal(peer.it.state().code, 'relay.not_proved')
    await peer.it.close()
  })

  it('does not dial where this machine lost its lease, and asks again when that could not be read', async () => {
    let code: 'relay.fenced' | null = 'relay.fenced'
    const fenced = await server('S00000003', { refusal: async () => code })
    await fenced.stage('stopped')
    assert.equal(fenced.it.state().code, 'relay.fenced')
    assert.equal(fenced.infos.length, 0)
    code = null
    fenced.it.retry()
    await fenced.ready()
    await fenced.it.close()
    let reads = 0
    const refusal = async () => {
      reads += 1
      if (reads === 1) throw new Fault('store.unavailable', 'the disk failed')
      return null
    }
    const unread = await server('S00000003', { refusal })
    await unread.stage('waiting')
    assert.equal(unread.it.state().code, 'store.unavailable')
    world.clock.advance(2_000)
    await unread.ready()
    await unread.it.close()
  })

  it('stops when it was displaced, until it is told to go on', async () => {
    const key = newDeviceKey()
    const first = device({ deviceKey: key })
    await first.ready()
    const second = device({ deviceKey: key, pin: first.infos[0]?.pin ?? null })
    await second.ready()
    await first.stage('stopped')
    assert.equal(first.it.state().code, 'relay.displaced')
    world.clock.advance(3_600_000)
    assert.equal(first.it.state().stage, 'stopped')
    await second.it.close()
    first.it.retry()
    await first.ready(2)
    await first.it.close()
  })

  it('shows its certificate to a relay that no longer knows it, and stops where that is not good', async () => {
    const identity = await ensureRelayIdentity(
      { store: world.store.relay, vault: world.vault, random, nowMs: 0 },
      relayId,
    )
    const deviceKey = newDeviceKey()
    const pin = 'C0FFEE00' as Pin
    const back = device({ deviceKey, pin, certificate: identity.certify(pin, deviceKey.publicKey) })
    await back.ready()
    assert.equal(back.infos[0]?.pin, pin)
    const forged = device({ pin: 'C0FFEE01' as Pin, certificate: new Uint8Array(64) })
    await forged.stage('stopped')
    assert.equal(forged.it.state().code, 'relay.unknown_name')
    await Promise.all([back.it.close(), forged.it.close()])
  })

  it('brings frames both ways in order, one handler at a time', async () => {
    const [phone, agent] = [device(), await server('S00000004')]
    await Promise.all([phone.ready(), agent.ready()])
    const pin = phone.infos[0]?.pin
    assert.ok(pin)
    phone.it.send({ type: 'dev_peers', srpIds: ['S00000004' as SrpId] })
    agent.it.send({ type: 'srp_serve', pins: [pin] })
    phone.it.send({
      type: 'send',
      mid: newMid(),
      to: { kind: 'server', srpId: 'S00000004' as SrpId },
      ttlSeconds: 60,
      payload: m3,
    })
    await until(() => phone.ofType('receipt').length === 1, 'the first receipt')
    let running = 0
    let together = 0
    phone.onFrame = async (frame) => {
      running += 1
      together = Math.max(together, running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
      if (frame.type === 'deliver') phone.it.send({ type: 'frame_ack', mid: frame.mid })
    }
    const mids = Array.from({ length: 40 }, newMid)
    for (const mid of mids)
      agent.it.send({ type: 'send', mid, to: { kind: 'handheld', pin }, ttlSeconds: 60, payload: m2, fence })
    await until(() => phone.ofType('deliver').length === 40, 'forty frames')
    assert.deepEqual(
      phone.ofType('deliver').map(({ mid }) => mid),
      mids,
    )
    assert.equal(together, 1)
    await Promise.all([phone.it.close(), agent.it.close()])
  })

  it('gets a frame again after the next log-in where its handler failed, and says what failed', async () => {
    const [phone, agent] = [device(), await server('S00000005')]
    await Promise.all([phone.ready(), agent.ready()])
    const pin = phone.infos[0]?.pin
    assert.ok(pin)
    phone.it.send({ type: 'dev_peers', srpIds: ['S00000005' as SrpId] })
    agent.it.send({ type: 'srp_serve', pins: [pin] })
    let fails = 1
    phone.onFrame = async () => {
      fails -= 1
      if (fails >= 0) throw new Fault('store.unavailable', 'the disk is full')
    }
    const to = { kind: 'handheld', pin } as const
    await until(() => {
      agent.it.send({ type: 'send', mid: newMid(), to, ttlSeconds: 60, payload: m2, fence })
      return phone.it.state().stage === 'waiting'
    }, 'the failure')
    assert.equal(phone.it.state().code, 'store.unavailable')
    world.clock.advance(2_000)
    await phone.ready(2)
    await until(() => phone.ofType('deliver').length > 0, 'the frame again')
    await Promise.all([phone.it.close(), agent.it.close()])
  })

  it('dials again when the relay has stopped answering pings', async () => {
    let muted = false
    const peer = device({ dial: mutedDial(() => muted) })
    await peer.ready()
    world.clock.advance(46_000)
    await until(() => pongs > 0, 'a pong')
    world.clock.advance(31_000)
    assert.equal(peer.it.state().stage, 'ready', 'the pong has come in time')
    muted = true
    world.clock.advance(46_000)
    await until(() => pings > 1, 'the next ping')
    world.clock.advance(31_000)
    await peer.stage('waiting')
    assert.equal(peer.it.state().detail, 'no answer to a ping')
    await peer.it.close()
  })
})

describe('the relay client over another link', () => {
  it('works in memory as over WebSocket, and comes back where the line drops everything', async () => {
    const env = { store: world.store.relay, vault: world.vault, random, clock: world.clock }
    const identity = await ensureRelayIdentity({ ...env, nowMs: world.clock.nowMs() }, relayId)
    const relay = startRelay(
      {
        ...env,
        identity,
        settings: { ...defaultRelaySettings, enrolmentsPerNetworkHour: 1_000 },
        log: silentLog,
        failpoint: noFailpoint,
      },
      { mail: async () => ({ kind: 'accepted', answer: '250' }), close: () => {} },
    )
    let dead = false
    const line = { delayMs: () => (dead ? null : 1) }
    const peer = device({
      dial: (listener) =>
        connectInMemory(world.clock, listener, (end) => relay.accept('device', '192.0.2.1', end), line),
    })
    await peer.ready()
    dead = true
    peer.it.send({ type: 'dev_peers', srpIds: [] })
    await peer.stage('waiting')
    dead = false
    world.clock.advance(2_000)
    await peer.ready(2)
    assert.equal(peer.infos[0]?.pin, peer.infos[1]?.pin)
    await peer.it.close()
    await relay.close()
  })
})
