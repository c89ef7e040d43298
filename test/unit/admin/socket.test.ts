import assert from 'node:assert/strict'
import { statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { ImportResult } from '#admin/people/people.ts'
import { connectAdmin } from '#admin/socket/client.ts'
import { operations, streams } from '#admin/socket/operations.ts'
import { serveAdmin } from '#admin/socket/server.ts'
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { silentLog } from '#kernel/log.ts'
import { type Installation, openInstallation, raise, startMs } from './installation.ts'

const alice = 'alice@example.test' as MailAddress
const txn = '5f2c9a10aabbccddeeff001122334455' as ActivationId

let site: Installation
let socketPath: string
let server: { close(): Promise<void> }

beforeEach(async () => {
  site = openInstallation()
  socketPath = join(site.directory, 'admin.sock')
  server = await serveAdmin({ socketPath, desk: site.desk, log: silentLog })
})
afterEach(async () => {
  await server.close()
  await site.close()
})

const hasCode = (code: string) => (error: unknown) => error instanceof Fault && error.code === code

async function client() {
  const admin = await connectAdmin(socketPath)
  assert.ok(admin)
  return admin
}

function post(name: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { socketPath, path: `/v1/${name}`, method: 'POST', agent: false },
      async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve(text)
      },
    )
    sent.once('error', reject)
    sent.end(body)
  })
}

test('the client meets the same interface as the use cases behind the socket', async () => {
  const admin = await client()
  assert.equal(admin.via, 'server')
  const added = await admin.users.add({ address: alice, aliases: ['al@example.test'] })
  assert.deepEqual(await admin.users.list(), [added])
  const issued = await admin.passwords.generate(alice, { hours: 2 })
  assert.equal(issued.expiresAtMs, startMs + 2 * 3_600_000)
  assert.deepEqual(await admin.users.show(alice), await site.admin.users.show(alice))
  assert.deepEqual(await admin.status(), await site.admin.status())
  assert.deepEqual(await admin.database.verify(), { good: true, problems: [] })
  assert.deepEqual(await admin.activations.list(), [])
})

test('every use case has an operation of its name, and no operation is without one', () => {
  const names = Object.entries(site.admin).flatMap(([group, cases]) =>
    typeof cases === 'function' ? [group] : Object.keys(cases).map((name) => `${group}.${name}`),
  )
  assert.deepEqual([...Object.keys(operations), ...Object.keys(streams)].toSorted(), names.toSorted())
})

test('faults cross the socket as their code and detail', async () => {
  const admin = await client()
  await assert.rejects(
    admin.users.show('bob@example.test'),
    (error) => error instanceof Fault && error.code === 'user.unknown' && error.detail === 'bob@example.test',
  )
})

test('the socket can be opened by its owner alone', () => {
  assert.equal(statSync(socketPath).mode & 0o777, 0o600)
})

test('an import streams its results, in batches that keep their place', async () => {
  const admin = await client()
  const rows = Array.from({ length: 1_003 }, (_, i) => ({ address: `user${i}@example.test` }))
  const results: ImportResult[] = []
  for await (const result of admin.users.import(rows)) results.push(result)
  assert.equal(results.length, rows.length)
  assert.deepEqual(results.at(-1), {
    index: 1_002,
    address: 'user1002@example.test',
    outcome: 'added',
    changes: [{ field: 'address', from: '', to: 'user1002@example.test' }],
    password: null,
    fault: null,
  })
})

test('watching crosses the socket and ends with its signal', async () => {
  const admin = await client()
  const stop = new AbortController()
  await raise(site, txn, null, { kind: 'relay_mailed', address: alice, atMs: startMs })
  const news = admin.activations.watch({}, stop.signal)[Symbol.asyncIterator]()
  assert.equal((await news.next()).value?.id, txn)
  const next = news.next()
  await raise(site, txn, null, { kind: 'broken', where: 'test', atMs: startMs + 1 })
  assert.equal((await next).value?.stage, 'failed')
  const last = news.next()
  stop.abort()
  assert.equal((await last).done, true)
})

test('a stream that breaks off is a fault, not an end', async () => {
  const admin = await client()
  await raise(site, txn, null, { kind: 'relay_mailed', address: alice, atMs: startMs })
  const news = admin.activations.watch()[Symbol.asyncIterator]()
  await news.next()
  const next = news.next()
  const closing = server.close()
  await assert.rejects(next, (error) => error instanceof Fault && error.code === 'admin.no_server')
  await closing
  server = await serveAdmin({ socketPath, desk: site.desk, log: silentLog })
})

test('arguments of another form are refused and nothing happens', async () => {
  const bad = [
    ['users.add', '[{"address":1}]'],
    ['users.add', '[{"address":"a@example.test","id":1}]'],
    ['users.add', '[{}]'],
    ['users.add', '[]'],
    ['users.list', '[1]'],
    ['users.list', '{}'],
    ['users.list', 'no json'],
    ['passwords.generate', '["alice@example.test",{"hours":"48"}]'],
    ['passwords.generate', `["${'x'.repeat(5_000)}"]`],
  ] as const
  for (const [name, body] of bad)
    assert.match(await post(name, body), /"code":"admin\.usage"/, `${name} ${body}`)
  for (const name of ['users.burn', '__proto__', 'toString', ''])
    assert.match(await post(name, '[]'), /"code":"admin\.protocol"/, name)
  assert.equal(await site.store.users.count(), 0)
})

test('a request that is too large is refused', async () => {
  assert.match(await post('users.add', `["${'x'.repeat(1_100_000)}"]`), /"code":"admin\.usage"/)
})

test('no server, and a socket left behind by a dead one, are both no server', async () => {
  assert.equal(await connectAdmin(join(site.directory, 'none.sock')), null)
  const stale = join(site.directory, 'stale.sock')
  writeFileSync(stale, '')
  assert.equal(await connectAdmin(stale), null)
  const replacing = await serveAdmin({ socketPath: stale, desk: site.desk, log: silentLog })
  assert.ok(await connectAdmin(stale))
  await replacing.close()
})

test('a second server on the same socket refuses to start', async () => {
  await assert.rejects(
    serveAdmin({ socketPath, desk: site.desk, log: silentLog }),
    (error) => error instanceof Fault && error.code === 'admin.running',
  )
})

test('one that only fills in leaves the socket to the agent, and never takes it from anybody', async () => {
  const other = { socketPath: join(site.directory, 'other.sock'), desk: site.desk, log: silentLog }
  const filling = await serveAdmin({ ...other, yields: true })
  const agent = await serveAdmin(other)
  await filling.close()
  const admin = await connectAdmin(other.socketPath)
  assert.deepEqual(await admin?.users.list(), [], 'the agent answers after the other has ended')
  await assert.rejects(serveAdmin({ ...other, yields: true }), hasCode('admin.running'))
  await agent.close()
  assert.equal(await connectAdmin(other.socketPath), null)
})

test('of two that find a dead socket at once, one serves and the other is told', async () => {
  const other = { socketPath: join(site.directory, 'dead.sock'), desk: site.desk, log: silentLog }
  writeFileSync(other.socketPath, '')
  const starts = await Promise.allSettled([1, 2].map(() => serveAdmin({ ...other, yields: true })))
  const serving = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  assert.equal(serving.length, 1)
  assert.ok(starts.every((start) => start.status === 'fulfilled' || hasCode('admin.running')(start.reason)))
  assert.ok(await connectAdmin(other.socketPath))
  await serving[0]?.close()
})

test('something else on the socket is a fault, so that nobody opens the store beside it', async () => {
  const path = join(site.directory, 'other.sock')
  const other = createServer((socket) => socket.on('error', () => {}).end('220 hello\r\n')).listen(path)
  await assert.rejects(connectAdmin(path), (error) => error instanceof Fault)
  other.close()
})
