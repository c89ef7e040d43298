import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { simpleParser } from 'mailparser'
import { verifyEtpSeal } from '#crypto/etp-seal.ts'
import type { ActivationId, MailAddress, Pin, RelayId } from '#kernel/brand.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { Fault } from '#kernel/fault.ts'
import { raiseGeneration } from '#relay/identity.ts'
import { makeRequest, openMail, type Request } from './relay-etp.ts'
import { type RawEnd, rawDevice, rawServer } from './relay-raw.ts'
import { makeRelayWorld, newDeviceKey, type RelayWorld, random, until } from './relay-world.ts'

let world: RelayWorld
let device: RawEnd
before(async () => {
  world = await makeRelayWorld({ enrolmentsPerNetworkHour: 1_000, mailAnswerMs: 60_000 })
})
after(() => world.close())
beforeEach(async () => {
  device = (await rawDevice(world, newDeviceKey())).end
})
afterEach(() => {
  world.sink.answer = null
  world.sink.mails.length = 0
})

const ask = (request: Request, from = device): void => from.say({ type: 'mail_ask', body: request.bytes })

async function answered(request: Request, from = device): Promise<number> {
  ask(request, from)
  const { txn, status } = await from.next('mail_done')
  assert.equal(txn, request.txn)
  return status
}

const busy = { code: 451, text: 'try again later' }
const unknownUser = { code: 550, text: 'no such user' }

describe('a handheld’s mail', () => {
  it('is answered 0 when the mail server took it, and 1 when it is asked for again', async () => {
    const request = makeRequest(world)
    assert.equal(await answered(request), 0)
    assert.equal(await answered(request), 1)
    assert.equal(world.sink.mails.length, 1)
  })

  it('has the structure of the published example, over STARTTLS', async () => {
    const request = makeRequest(world)
    assert.equal(await answered(request), 0)
    const [mail] = world.sink.mails
    assert.ok(mail)
    assert.equal(mail.secure, true)
    assert.deepEqual([mail.from, mail.to], [`bounce+${request.txn}@relay.test`, ['user.one@example.com']])
    const [ours, example] = [mail.raw, readFileSync(exampleMail, 'latin1').replaceAll(/\r?\n/g, '\r\n')]
    assert.deepEqual(structureOf(ours, request.txn), structureOf(example, exampleTxn))
    const parsed = await simpleParser(mail.raw)
    assert.equal(parsed.from?.text, '"Device activation" <activation@relay.test>')
    assert.equal(parsed.attachments.length, 1)
    const { file, body, relayPart, seal } = openMail(mail)
    assert.deepEqual(new Uint8Array(parsed.attachments[0]?.content ?? []), file)
    assert.equal(parsed.attachments[0]?.filename, 'ETP.DAT')
    assert.deepEqual(body, request.bytes)
    const identity = await world.store.relay.findIdentity()
    assert.ok(identity)
    assert.ok(verifyEtpSeal([identity.sealKeys[0]?.publicKey ?? new Uint8Array()], body, relayPart, seal))
  })

  it('makes the servers of its domain look at once, and again when it is asked for again', async () => {
    const { end: server } = await rawServer(world, await world.addServer('S00000001'))
    const other = await world.addServer('S00000002', ['other.example'])
    const { end: stranger } = await rawServer(world, other)
    server.say({ type: 'srp_domains', domains: ['example.com', 'other.example'] })
    assert.deepEqual((await server.next('domains_ok')).domains, ['example.com'])
    const request = makeRequest(world)
    assert.equal(await answered(request), 0)
    const { txn, address } = await server.next('hint')
    assert.deepEqual([txn, address], [request.txn, 'user.one@example.com'])
    assert.equal(await answered(request), 1)
    await server.next('hint')
    stranger.say({ type: 'srp_domains', domains: [] })
    await stranger.next('domains_ok')
    assert.equal(stranger.received.length, 0)
    await Promise.all([server.leave(), stranger.leave()])
  })

  it('is answered 3 when the mail server refuses the address, and stays so', async () => {
    world.sink.answer = unknownUser
    const request = makeRequest(world)
    assert.equal(await answered(request), 3)
    assert.equal(await answered(request), 3)
  })

  it('is answered 3 when it comes back', async () => {
    const request = makeRequest(world)
    assert.equal(await answered(request), 0)
    await world.relay.postOffice.bounced(request.txn)
    assert.equal((await device.next('mail_done')).status, 3)
  })

  it('is queued while the mail server puts it off, and answered 0 when it is taken later', async () => {
    world.sink.answer = busy
    const request = makeRequest(world)
    assert.equal(await answered(request), 2)
    assert.equal(await answered(request), 2)
    world.sink.answer = null
    world.clock.advance(15_000)
    assert.equal((await device.next('mail_done')).status, 0)
    const [mail] = world.sink.mails
    assert.ok(mail)
    assert.match(mail.raw, new RegExp(`Message-ID: <${request.txn}\\.2@relay\\.test>`))
  })

  it('is not called queued when it could not be stored', async () => {
    const key = newDeviceKey()
    const { end } = await rawDevice(world, key)
    world.failpoint = (name) => {
      if (name === 'relay.before_mail_stored') throw new Fault('store.unavailable', 'the disk failed')
    }
    const request = makeRequest(world)
    ask(request, end)
    await end.closed
    world.failpoint = noFailpoint
    const { end: again } = await rawDevice(world, key)
    world.clock.advance(61_000)
    await sleep(50)
    assert.equal(again.received.length, 0)
    assert.equal(await answered(request, again), 0)
  })

  it('is given up with 8 when its life ends before the mail server took it', async () => {
    world.sink.answer = busy
    const request = makeRequest(world, { lifeSeconds: 120 })
    assert.equal(await answered(request), 2)
    world.clock.advance(121_000)
    assert.equal((await device.next('mail_done')).status, 8)
    assert.equal(await answered(request), 8)
  })

  it('is tried again after a restart of the relay', async () => {
    world.sink.answer = busy
    const request = makeRequest(world)
    assert.equal(await answered(request), 2)
    await world.restart()
    world.sink.answer = null
    world.clock.advance(15_000)
    await until(() => world.sink.mails.length === 1, 'the mail')
    await until(
      async () => (await world.store.relay.findMail(request.txn))?.state === 'accepted',
      'the state of the mail',
    )
  })

  it('is malformed for another relay, without life, or of another version', async () => {
    assert.equal(await answered(makeRequest(world, { relayId: 'other.test' as RelayId })), 4)
    assert.equal(await answered(makeRequest(world, { lifeSeconds: 0 })), 4)
    const request = makeRequest(world)
    request.bytes[2] = 2
    assert.equal(await answered(request), 4)
    device.say({ type: 'mail_ask', body: Uint8Array.of(0x80) })
    assert.equal(await device.closed, 4400)
  })

  it('is told the relay’s time where the handheld’s clock is off', async () => {
    const request = makeRequest(world, { createdAt: 1_500_000_000 })
    ask(request)
    const { status, now } = await device.next('mail_done')
    assert.equal(status, 6)
    assert.ok(Math.abs((now ?? 0) - world.clock.nowMs() / 1000) < 5)
  })

  it('reader of the mailbox with a handheld of his own: is refused with 7 under the transaction of another', async () => {
    const request = makeRequest(world)
    assert.equal(await answered(request), 0)
    assert.equal(await answered(makeRequest(world, { txn: request.txn })), 7)
    const { end: other } = await rawDevice(world, newDeviceKey())
    assert.equal(await answered(request, other), 7)
    await other.leave()
  })

  it('is over the limit at the eleventh new transaction within the hour', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 11; i += 1) statuses.push(await answered(makeRequest(world)))
    assert.deepEqual(statuses, [...Array(10).fill(0), 5])
    world.clock.advance(3_600_001)
    assert.equal(await answered(makeRequest(world)), 0)
  })

  it('is mailed anew under a new token after a restore of the relay', async () => {
    const request = makeRequest(world, { createdAt: Math.floor(world.clock.nowMs() / 1000) - 1_000 })
    ask(request)
    assert.equal((await device.next('mail_done')).status, 6, 'too old while nothing was restored')
    await world.restart(async (store) => {
      const nowMs = world.clock.nowMs()
      await raiseGeneration({ store: store.relay, vault: world.vault, random, nowMs })
    })
    const { end } = await rawDevice(world, newDeviceKey())
    assert.equal(await answered(request, end), 0)
    await end.leave()
  })
})

describe('an address under fire', () => {
  it('gets at most sixty mails an hour; what is over waits its turn', async () => {
    const address = 'victim@example.com' as MailAddress
    for (let i = 0; i < 60; i += 1) await putMailed(address)
    const request = makeRequest(world, { address, lifeSeconds: 7_200 })
    ask(request)
    await until(async () => (await world.store.relay.findMail(request.txn)) !== null, 'the request')
    world.clock.advance(60_001)
    assert.equal((await device.next('mail_done')).status, 2)
    assert.equal(world.sink.mails.length, 0)
    world.clock.advance(3_540_000)
    assert.equal((await device.next('mail_done')).status, 0)
  })

  it('flooder: a handheld that asks five times lets one that asks once go before its second', async () => {
    const address = 'fair@example.com' as MailAddress
    for (let i = 0; i < 60; i += 1) await putMailed(address)
    const flood = Array.from({ length: 5 }, () => makeRequest(world, { address, lifeSeconds: 7_200 }))
    for (const request of flood) ask(request)
    const { end: victim } = await rawDevice(world, newDeviceKey())
    const request = makeRequest(world, { address, lifeSeconds: 7_200 })
    const isKnown = async ({ txn }: Request) => (await world.store.relay.findMail(txn)) !== null
    await until(async () => (await Promise.all(flood.map(isKnown))).every(Boolean), 'the flood')
    ask(request, victim)
    await until(() => isKnown(request), 'the request')
    assert.equal(world.sink.mails.length, 0)
    const laterMs = world.clock.nowMs() + 3_600_001
    const due = await world.store.relay.listDueMails(laterMs, laterMs - 3_600_000, 60, 10)
    const order = due.filter(({ mail }) => mail.address === address).map(({ mail }) => mail.txn)
    assert.equal(order.length, 6)
    assert.ok(order.indexOf(request.txn) <= 1, `${order.indexOf(request.txn)} go before it`)
    world.clock.advance(3_600_001)
    await until(() => world.sink.mails.some(({ raw }) => raw.includes(request.txn)), 'the mail of the victim')
    await victim.leave()
  })

  /** A mail of some other handheld that the mail server has just taken. */
  async function putMailed(address: MailAddress): Promise<void> {
    const { relay } = world.store
    const { txn, bytes } = makeRequest(world, { address })
    const nowMs = world.clock.nowMs()
    const pinOf = (id: ActivationId) => id.slice(0, 8).toUpperCase() as Pin
    const times = {
      acceptedAtMs: nowMs,
      mailedAtMs: nowMs,
      nextTryAtMs: nowMs,
      expiresAtMs: nowMs + 3_600_000,
    }
    await relay.putMail({
      ...{ txn, pin: pinOf(txn), body: bytes, bodyHash: bytes, address, domain: 'example.com' },
      ...{ ...times, lifeMs: 3_600_000, state: 'accepted', tries: 1 },
    })
  }
})

const exampleMail = new URL('../vectors/example-mail.eml', import.meta.url)
const exampleTxn = '4722fdfe059b2f6ec98cae59d1c34c14' as ActivationId

/** Everything about a mail that does not differ from mail to mail: headers by name, fixed values, text, parts. */
function structureOf(raw: string, txn: ActivationId): unknown {
  const boundary = /boundary="?([^"\r\n]+)"?/.exec(raw)?.[1] ?? 'none'
  const [head = '', ...parts] = raw.split(`--${boundary}`)
  const fixed = (text: string): string =>
    text
      .replaceAll(boundary, 'B')
      .replaceAll(txn, 'TXN')
      .replaceAll(txn.slice(0, 8), 'TXN8')
      .replaceAll(/^Date: .*$/gm, 'Date')
      .replaceAll(/^sha256-64: [0-9a-f]{16}\r?$/gm, 'digest')
      .replaceAll(/^(?:[A-Za-z0-9+/]{2,76}={0,2}\r?\n)+/gm, 'base64\n')
      .replaceAll(/"(Device activation|ETP\.DAT)"/g, '$1')
      .replaceAll('\r', '')
      .trim()
  const lines = fixed(head.replaceAll(/\r\n[ \t]+/g, ' ')).split('\n')
  return [lines.sort(), ...parts.map(fixed)]
}
