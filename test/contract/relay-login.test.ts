import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type ClientOptions, WebSocket } from 'ws'
import type { Pin } from '#kernel/brand.ts'
import { encodeCbor } from '#protocol/cbor.ts'
import { listServers, resumeServer, suspendName } from '#relay/administration.ts'
import { ensureRelayIdentity, raiseGeneration } from '#relay/identity.ts'
import { untilCutOff } from '../support/half-open.ts'
import { beginDevice, beginServer, m2, rawDevice, rawEnd, rawServer } from './relay-raw.ts'
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
  world = await makeRelayWorld({ enrolmentsPerNetworkHour: 12 })
})
after(() => world.close())

/** ws passes these on to TLS, though its types do not say so. */
const tls = (): ClientOptions & { servername: string } => ({ ca: world.ca, servername: relayId })

describe('the door of the relay', () => {
  const plainSocket = (path: string, protocols: string[]) =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(`${world.url()}${path}`, protocols, tls())
      socket.on('open', () => resolve('open'))
      socket.on('error', (error) => resolve(error.message))
    })

  it('opens for the two paths with the subprotocol, and for nothing else', async () => {
    assert.match(await plainSocket('/mdap1/device', []), /400/)
    assert.match(await plainSocket('/mdap1/device', ['mdap2']), /400/)
    assert.match(await plainSocket('/mdap1/other', ['mdap1']), /404/)
  })

  it('cuts off whom it refused to open for, though he keeps his end open', async () => {
    const plain = connect({ port: world.relay.port, host: '127.0.0.1', allowHalfOpen: true })
    const socket = connectTls({ socket: plain, ca: world.ca, servername: relayId })
    socket.write(
      'GET /other HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    await untilCutOff(socket)
  })

  it('closes on a frame before the log-in, an unknown frame, and another version', async () => {
    const frames: [Uint8Array, number][] = [
      [encodeCbor([20, newMid(), 'S00000001', 60, m2]), 4400],
      [encodeCbor([99]), 4400],
      [Uint8Array.of(0xff), 4400],
      [encodeCbor([1, 2, null, random.bytes(32), random.bytes(32)]), 4426],
    ]
    for (const [bytes, code] of frames) {
      const end = await rawEnd(world, 'device')
      end.sayBytes(bytes)
      assert.equal(await end.closed, code)
    }
  })

  it('closes on a message of 65,537 bytes with 1009 and on text with 1003', async () => {
    const end = await rawEnd(world, 'device')
    end.sayBytes(new Uint8Array(65_537))
    assert.equal(await end.closed, 1009)
    const socket = new WebSocket(`${world.url()}/mdap1/device`, ['mdap1'], tls())
    socket.on('open', () => socket.send('hello'))
    assert.equal(await new Promise((resolve) => socket.on('close', resolve)), 1003)
  })

  it('closes with 4408 when the log-in takes longer than 15 seconds', async () => {
    const end = await rawEnd(world, 'server')
    world.clock.advance(15_001)
    assert.equal(await end.closed, 4408)
  })
})

describe('a door where many stand and say nothing', () => {
  it('lets in who logs in: whoever has been there longest makes room', async () => {
    const crowded = await makeRelayWorld({ pendingLoginsMax: 3 })
    try {
      const early = await rawDevice(crowded, newDeviceKey())
      const silent: Awaited<ReturnType<typeof rawEnd>>[] = []
      for (let i = 0; i < 3; i += 1) silent.push(await rawEnd(crowded, i === 1 ? 'server' : 'device'))
      const late = await rawDevice(crowded, newDeviceKey())
      assert.notEqual(late.ok.pin, early.ok.pin)
      assert.equal(await silent[0]?.closed, 1006)
      const still = await Promise.all(
        [early.end, ...silent.slice(1), late.end].map(({ closed }) =>
          Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 50, 'open'))]),
        ),
      )
      assert.deepEqual(still, ['open', 'open', 'open', 'open'])
    } finally {
      await crowded.close()
    }
  })
})

describe('handhelds log in', () => {
  it('enrols a new key, and gives the same PIN again where the answer was lost', async () => {
    const key = newDeviceKey()
    const first = await rawDevice(world, key)
    first.end.breakOff()
    const again = await rawDevice(world, key)
    assert.equal(again.ok.pin, first.ok.pin)
    assert.match(again.ok.pin, /^[0-9A-F]{8}$/)
    assert.ok(Math.abs(again.ok.now - world.clock.nowMs() / 1000) < 5)
    const byPin = await rawDevice(world, key, first.ok.pin)
    assert.equal(byPin.ok.generation, 1)
    await byPin.end.leave()
  })

  it('refuses another key for a PIN, and a PIN it does not know', async () => {
    const { ok, end } = await rawDevice(world, newDeviceKey())
    assert.equal(await (await beginDevice(world, newDeviceKey(), ok.pin)).closed, 4401)
    assert.equal(await (await beginDevice(world, newDeviceKey(), 'FFFFFFFF' as Pin)).closed, 4404)
    await end.leave()
  })

  it('lets a newer log-in displace the older one', async () => {
    const key = newDeviceKey()
    const older = await rawDevice(world, key)
    const newer = await rawDevice(world, key, older.ok.pin)
    assert.equal(await older.end.closed, 4409)
    await newer.end.leave()
  })

  it('closes suspended handhelds at once and at each log-in, until they are resumed', async () => {
    const key = newDeviceKey()
    const { ok, end } = await rawDevice(world, key)
    await suspendName(world.store.relay, ok.pin, 'reported lost')
    world.clock.advance(5_001)
    assert.equal(await end.closed, 4403)
    assert.equal(await (await beginDevice(world, key, ok.pin)).closed, 4403)
  })

  it('limits enrolments of one network within an hour', async () => {
    const codes: number[] = []
    for (let i = 0; i < 13; i += 1) {
      const end = await beginDevice(world, newDeviceKey())
      codes.push(await Promise.race([end.closed, end.next('dev_ok').then(() => 0)]))
      if (codes.at(-1) === 4429) break
      await end.leave()
    }
    assert.equal(codes.at(-1), 4429)
    world.clock.advance(3_600_001)
    const { end } = await rawDevice(world, newDeviceKey())
    await end.leave()
  })
})

describe('servers log in', () => {
  it('proves itself to the server and learns who it is', async () => {
    const server = await world.addServer('S00000001')
    const { ok, end } = await rawServer(world, server)
    const identity = await ensureRelayIdentity(
      { store: world.store.relay, vault: world.vault, random, nowMs: 0 },
      relayId,
    )
    assert.deepEqual(ok.sealKeys, [identity.sealKey.publicKey])
    assert.deepEqual(
      (await listServers(world.store.relay)).map(({ srpId, domains }) => [srpId, domains]),
      [['S00000001', ['example.com']]],
    )
    await end.leave()
  })

  it('refuses unknown names exactly as wrong keys', async () => {
    const { srpId } = await world.addServer('S00000002')
    const wrong = await beginServer(world, { srpId, srpKey: random.bytes(32) })
    assert.equal(await wrong.closed, 4401)
    const unknown = await beginServer(world, { srpId: 'S77777777' as typeof srpId, srpKey: random.bytes(32) })
    assert.equal(await unknown.closed, 4401)
  })

  it('suspends a name whose live log-ins displace each other five times in a minute', async () => {
    const server = await world.addServer('S00000003')
    const ends = [(await rawServer(world, server)).end]
    for (let i = 0; i < 5; i += 1) {
      const { end } = await rawServer(world, server)
      assert.equal(await ends.at(-1)?.closed, 4409)
      ends.push(end)
    }
    assert.equal(await ends.at(-1)?.closed, 4403)
    assert.equal(await (await beginServer(world, server)).closed, 4403)
    await resumeServer(world.store.relay, server.srpId)
    await (await rawServer(world, server)).end.leave()
  })

  it('does not suspend a name whose older connection is dead', async () => {
    const server = await world.addServer('S00000004')
    for (let i = 0; i < 7; i += 1) (await rawServer(world, server)).end.breakOff()
    const { end } = await rawServer(world, server)
    await end.leave()
    assert.equal((await world.store.relay.findServer(server.srpId))?.suspendedBecause, null)
  })
})

describe('a relay restored from a backup', () => {
  it('takes handhelds back by their certificates, and no others', async () => {
    const other = await makeRelayWorld()
    try {
      const key = newDeviceKey()
      const { ok, end } = await rawDevice(world, key)
      await end.leave()
      const elsewhere = await beginDevice(other, key, ok.pin, ok.certificate)
      assert.equal(await elsewhere.closed, 4404, "another relay's certificate")
    } finally {
      await other.close()
    }
  })

  it('raises its generation and opens no token of before', async () => {
    const fresh = await makeRelayWorld()
    try {
      const key = newDeviceKey()
      const env = () => ({ store: fresh.store.relay, vault: fresh.vault, random, nowMs: fresh.clock.nowMs() })
      const before = await ensureRelayIdentity(env(), relayId)
      const pin = '2100000A' as Pin
      const token = before.makeToken(pin, '4722fdfe059b2f6ec98cae59d1c34c14' as never)
      assert.equal(before.openToken(token)?.pin, pin)
      const certificate = before.certify(pin, key.publicKey)
      await fresh.restart(async (store) => {
        const generation = await raiseGeneration({ ...env(), store: store.relay })
        assert.equal(generation, 2)
      })
      const after = await ensureRelayIdentity(env(), relayId)
      assert.equal(after.openToken(token), null)
      const forged = certificate.slice().reverse()
      assert.equal(await (await beginDevice(fresh, key, pin, forged)).closed, 4404)
      const back = await rawDevice(fresh, key, pin, certificate)
      assert.deepEqual([back.ok.pin, back.ok.generation], [pin, 2])
      await back.end.leave()
      await until(async () => (await fresh.store.relay.findDevice(pin)) !== null, 'the handheld')
    } finally {
      await fresh.close()
    }
  })
})
