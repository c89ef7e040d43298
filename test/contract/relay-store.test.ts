import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { ActivationId, MailAddress, Pin, RelayId, SrpId } from '#kernel/brand.ts'
import type { RelayMailRow, SendWrite } from '#store/relay.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'

const directory = mkdtempSync(join(tmpdir(), 'postkey-relay-store-'))
let store: ReturnType<typeof openSqliteStore>
before(() => {
  store = openSqliteStore({ path: join(directory, 'relay.db'), writer: 'inline', nowMs: () => 0 })
})
after(async () => {
  await store.close()
  rmSync(directory, { recursive: true })
})

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill)
const pinOf = (n: number) => n.toString(16).toUpperCase().padStart(8, '0') as Pin
const srpId = 'S00000001' as SrpId
const other = 'S00000002' as SrpId

const mail = (n: number, over: Partial<RelayMailRow> = {}): RelayMailRow => ({
  txn: n.toString(16).padStart(8, '0').padEnd(32, 'a') as ActivationId,
  pin: pinOf(1),
  bodyHash: bytes(32, n),
  body: bytes(4, n),
  address: 'user@example.com' as MailAddress,
  domain: 'example.com',
  acceptedAtMs: n,
  lifeMs: 1_000,
  state: 'queued',
  tries: 0,
  mailedAtMs: null,
  expiresAtMs: n + 1_000,
  nextTryAtMs: n,
  ...over,
})

describe("the relay's store", () => {
  it('keeps the first identity and raises its generation under a new route key', async () => {
    const row = {
      relayId: 'relay.test' as RelayId,
      generation: 1,
      routeKeySealed: bytes(60, 1),
      restoredAtMs: null,
      sealKeys: [{ publicKey: bytes(32, 1), seedSealed: bytes(60, 2) }],
    }
    assert.equal(await store.relay.findIdentity(), null)
    assert.deepEqual(await store.relay.keepFirstIdentity(row, 5), row)
    const second = { ...row, relayId: 'other.test' as RelayId }
    assert.deepEqual(await store.relay.keepFirstIdentity(second, 6), row)
    assert.equal(await store.relay.raiseGeneration(bytes(60, 9), 77), 2)
    assert.deepEqual(await store.relay.findIdentity(), {
      ...row,
      generation: 2,
      routeKeySealed: bytes(60, 9),
      restoredAtMs: 77,
    })
  })

  it('gives one PIN per key and one key per PIN', async () => {
    const enrol = (fill: number, ...candidates: Pin[]) =>
      store.relay.enrol({ publicKey: bytes(32, fill), candidates, network: 'n', nowMs: 10 })
    assert.equal(await enrol(1, pinOf(1)), pinOf(1))
    assert.equal(await enrol(1, pinOf(2)), pinOf(1))
    assert.equal(await enrol(2, pinOf(1)), null)
    assert.equal(await enrol(2, pinOf(1), pinOf(2)), pinOf(2))
    assert.equal(await store.relay.takeBack(pinOf(1), bytes(32, 3), 10), false)
    assert.equal(await store.relay.takeBack(pinOf(3), bytes(32, 1), 10), false)
    assert.equal(await store.relay.takeBack(pinOf(3), bytes(32, 3), 10), true)
    assert.deepEqual(
      [await store.relay.countEnrolments('n', 9), await store.relay.countEnrolments('n', 10)],
      [2, 0],
    )
    assert.deepEqual(
      (await store.relay.listDevices(pinOf(1), 5)).map(({ pin }) => pin),
      [pinOf(2), pinOf(3)],
    )
  })

  it('changes a server’s key and domains but not its suspension', async () => {
    await store.relay.putServer(srpId, bytes(60, 1), ['a.example', 'b.example'], 1)
    assert.equal(await store.relay.suspend(srpId, 'because'), true)
    await store.relay.putServer(srpId, bytes(60, 2), ['b.example'], 2)
    await store.relay.putServer(other, bytes(60, 3), [], 2)
    const found = await store.relay.findServer(srpId)
    assert.deepEqual(
      [found?.loginKeySealed, found?.domains, found?.suspendedBecause],
      [bytes(60, 2), ['b.example'], 'because'],
    )
    assert.deepEqual(await store.relay.listSuspended(), [srpId])
    assert.equal(await store.relay.suspend(srpId, null), true)
    assert.equal(await store.relay.suspend('S99999999' as SrpId, null), false)
    assert.deepEqual(await store.relay.listServersOfDomain('b.example'), [srpId])
  })

  it('refuses a send where mid, fence or token have changed since its rows were read', async () => {
    const row = mail(7, { txn: '77'.repeat(16) as ActivationId, lifeMs: 1_000_000, expiresAtMs: 1_000_000 })
    await store.relay.putMail(row)
    const ask = { sender: srpId, pin: pinOf(1), srpId, toDevice: true }
    const write = (mid: number, over: Partial<SendWrite> = {}): SendWrite => ({
      ask: { ...ask, mid: bytes(16, mid), txnPrefix: null },
      receiver: pinOf(1),
      contentHash: bytes(32, mid),
      payload: bytes(5, mid),
      fence: { generation: 1, epoch: 5 },
      token: null,
      expiresAtMs: 100,
      rememberUntilMs: 1_000,
      ...over,
    })
    const use = { txn: row.txn, framesUsedBefore: 0, ownerBefore: null, owner: srpId }
    const taken = async (...writes: SendWrite[]) =>
      (await store.relay.putSends(writes, 0)).map((id) => id !== null)
    assert.deepEqual(await taken(write(1), write(1), write(2)), [true, false, true])
    assert.deepEqual(await taken(write(3, { fence: { generation: 1, epoch: 4 } })), [false])
    assert.deepEqual(await taken(write(4, { token: use }), write(5, { token: use })), [true, false])
    const asked = { ...ask, mid: bytes(16, 9), txnPrefix: bytes(12, 0x77) }
    const [rows] = await store.relay.findSendRows([asked], 0)
    assert.deepEqual(rows?.token, {
      txn: row.txn,
      owner: srpId,
      framesUsed: 1,
      expiresAtMs: 1_000_000,
      allowed: true,
    })
    assert.deepEqual(rows?.queue, { frames: 3, bytes: 15 })
    assert.equal(rows?.serverLists, true)
  })

  it('numbers frames one by one, whoever they are from and for, also after a refusal and a failure', async () => {
    const write = (mid: number, pin: Pin): SendWrite => ({
      ask: { sender: srpId, srpId, toDevice: true, txnPrefix: null, pin, mid: bytes(16, mid) },
      receiver: pin,
      contentHash: bytes(32, mid),
      payload: bytes(5, mid),
      fence: null,
      token: null,
      expiresAtMs: 100,
      rememberUntilMs: 1_000,
    })
    const [first] = await store.relay.putSends([write(31, pinOf(8))], 0)
    assert.ok(first)
    assert.deepEqual(
      await store.relay.putSends([write(32, pinOf(9)), write(31, pinOf(8)), write(33, pinOf(8))], 0),
      [first + 1, null, first + 2],
    )
    const broken = { ...write(35, pinOf(8)), payload: 'no bytes' as unknown as Uint8Array }
    await assert.rejects(store.relay.putSends([write(34, pinOf(8)), broken], 0))
    const known = await store.relay.listQueued(pinOf(8), 0, 9)
    assert.deepEqual(await store.relay.acknowledge(known), [first, first + 2])
    assert.deepEqual(await store.relay.acknowledge(known), [])
    assert.deepEqual(await store.relay.putSends([write(34, pinOf(8))], 0), [first + 3])
  })

  it('lets PINs take turns at an address, and leaves out addresses that had enough', async () => {
    const queued = [
      ...[101, 102, 103].map((n) => mail(n, { address: 'turn@example.com' as MailAddress })),
      ...[104, 105].map((n) => mail(n, { address: 'turn@example.com' as MailAddress, pin: pinOf(2) })),
    ]
    for (const one of queued) assert.equal(await store.relay.putMail(one), true)
    assert.equal(await store.relay.putMail(mail(101)), false)
    const due = async (nowMs: number, perAddressMax = 60) =>
      (await store.relay.listDueMails(nowMs, 0, perAddressMax, 10))
        .filter(({ mail: { address } }) => address === 'turn@example.com')
        .map((row) => [row.mail.acceptedAtMs, row.mailsToAddress, row.mailsOfPin])
    assert.deepEqual(
      (await due(200)).map(([at]) => at),
      [101, 104, 102, 105, 103],
    )
    const [first, second] = queued
    assert.ok(first && second)
    assert.equal((await store.relay.beginMail(first.txn, 210, 900))?.tries, 1)
    await store.relay.beginMail(second.txn, 210, 900)
    await store.relay.renewMail(first.txn, 950)
    assert.equal((await store.relay.findMail(first.txn))?.nextTryAtMs, 950)
    assert.deepEqual(await due(220), [
      [104, 2, 0],
      [105, 2, 0],
      [103, 2, 2],
    ])
    assert.deepEqual(await due(220, 2), [])
    await store.relay.endMail({
      txn: first.txn,
      state: 'accepted',
      nextTryAtMs: 0,
      answer: '250',
      answeredAtMs: 9,
    })
    assert.equal(await store.relay.beginMail(first.txn, 230, 900), null)
    const answered = await store.relay.findAnsweredMail(first.txn)
    assert.deepEqual([answered?.state, answered?.answer, answered?.answeredAtMs], ['accepted', '250', 9])
    const to = ['turn@example.com', 'nobody@example.com'] as MailAddress[]
    const newest = await store.relay.newestMailTo(to)
    assert.deepEqual([newest?.acceptedAtMs, newest?.answer, newest?.answeredAtMs], [105, '', null])
    assert.equal(await store.relay.newestMailTo(['nobody@example.com' as MailAddress]), null)
    assert.equal(await store.relay.hasMailsToGiveUp(1_102), true)
    const ended = await store.relay.giveUpMails(1_102)
    assert.equal(await store.relay.hasMailsToGiveUp(1_102), false)
    assert.ok(ended.some(({ txn }) => txn === second.txn))
    assert.equal((await store.relay.findMail(second.txn))?.state, 'gave_up')
  })

  it('forgets mids and ended mails when nobody can ask about them any more', async () => {
    await store.relay.expire(200, 100)
    const count = await store.relay.purge(1_000)
    assert.ok(count >= 3)
    const ask = { sender: srpId, pin: pinOf(1), srpId, toDevice: true, mid: bytes(16, 1), txnPrefix: null }
    assert.equal((await store.relay.findSendRows([ask], 0))[0]?.known, null)
    assert.ok(await store.relay.findMail(mail(101).txn))
    await store.relay.purge(9 * 86_400_000)
    assert.equal(await store.relay.findMail(mail(101).txn), null)
  })
})
