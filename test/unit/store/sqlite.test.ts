import assert from 'node:assert/strict'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Fault } from '#kernel/fault.ts'
import { openDatabase } from '#store/sqlite/database.ts'
import { readMigrations } from '#store/sqlite/migrate.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import { makeWriter } from '#store/sqlite/writer.ts'
import { openTestStore, temporaryDirectory } from '../../support/store.ts'

const nowMs = () => 1

const code = (expected: string) => (error: unknown) => error instanceof Fault && error.code === expected

test('a database of a newer version is refused', async (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  await openSqliteStore({ path, writer: 'inline', nowMs }).close()
  const db = openDatabase(path, 'write')
  db.run("INSERT INTO schema_migration VALUES (9999, 'from-the-future', 'x', 1)")
  db.close()
  assert.throws(() => openSqliteStore({ path, writer: 'inline', nowMs }), code('store.newer_schema'))
})

test('a database whose migrations differ from ours is refused', async (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  await openSqliteStore({ path, writer: 'inline', nowMs }).close()
  const db = openDatabase(path, 'write')
  db.run("UPDATE schema_migration SET sha256 = 'edited' WHERE version = 1")
  db.close()
  assert.throws(() => openSqliteStore({ path, writer: 'inline', nowMs }), code('store.changed_migration'))
})

test('a file that is no database is named as damaged', (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  const file = openSync(path, 'w')
  writeSync(file, 'x'.repeat(8_192))
  closeSync(file)
  assert.throws(() => openSqliteStore({ path, writer: 'inline', nowMs }), code('store.damaged'))
})

test('each migration is applied once, in order', (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  const versions = readMigrations().map(({ version }) => version)
  assert.deepEqual(
    versions,
    [...versions].sort((a, b) => a - b),
  )
  assert.equal(new Set(versions).size, versions.length)
  const store = openSqliteStore({ path, writer: 'inline', nowMs })
  t.after(() => store.close())
  const db = openDatabase(path, 'read')
  const applied = db.all<{ version: number }>('SELECT version FROM schema_migration ORDER BY version')
  db.close()
  assert.deepEqual(
    applied.map(({ version }) => version),
    versions,
  )
})

test('the database is in WAL mode and waits for the disk at each commit', (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  const db = openDatabase(path, 'write')
  t.after(() => db.close())
  assert.deepEqual(db.one('PRAGMA journal_mode'), { journal_mode: 'wal' })
  assert.deepEqual(db.one('PRAGMA synchronous'), { synchronous: 2 })
})

test('one call that fails undoes itself alone; its neighbours in the batch are kept', async (t) => {
  const store = openTestStore(t, { writer: 'thread' })
  const pin = '2100000A' as never
  const results = await Promise.allSettled([
    store.installation.put('a', Uint8Array.of(1)),
    store.handhelds.reserveSeq(pin, 1, 1),
    store.installation.put('b', Uint8Array.of(2)),
  ])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(await store.installation.find('b'), Uint8Array.of(2))
})

test('another process that commits is noticed', async (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  let check = () => {}
  const poll = (given: () => void) => {
    check = given
    return () => {}
  }
  const store = openSqliteStore({ path, writer: 'inline', nowMs, poll })
  t.after(() => store.close())
  const other = openSqliteStore({ path, writer: 'inline', nowMs })
  t.after(() => other.close())
  let heard = 0
  store.onCommit(() => {
    heard += 1
  })
  check()
  assert.equal(heard, 0)
  await other.installation.put('k', Uint8Array.of(1))
  check()
  assert.equal(heard, 1)
})

test('a transaction that the disk ended fails the whole batch, and the writer goes on', (t) => {
  const { db, write } = openWriter(t)
  // A table without triggers: where a statement can be undone alone, SQLite ends no transaction.
  const put = (id: number, chunk: Uint8Array) => {
    const part = { pin: '2100AB3F', id: String(id), index: 0, count: 1, chunk, atMs: 0 }
    return { id, aggregate: 'handhelds', method: 'keepPart', args: [part] } as const
  }
  const pages = db.one<{ page_count: number }>('PRAGMA page_count')?.page_count ?? 0
  db.one(`PRAGMA max_page_count = ${pages}`)
  const full = write([
    put(1, new Uint8Array(1)),
    put(2, new Uint8Array(4_000_000)),
    put(3, new Uint8Array(1)),
  ])
  assert.deepEqual(
    full.map(({ ok }) => ok),
    [false, false, false],
  )
  db.one(`PRAGMA max_page_count = ${pages + 10_000}`)
  assert.deepEqual(
    write([put(4, new Uint8Array(1))]).map(({ ok }) => ok),
    [true],
  )
})

test('what is bound comes back as it was, of whatever type, and a question mark in a literal is text', (t) => {
  const db = openDatabase(join(temporaryDirectory(t), 'postkey.db'), 'write')
  t.after(() => db.close())
  db.script('CREATE TABLE a (x TEXT NOT NULL, n INTEGER, b BLOB) STRICT')
  db.run('INSERT INTO a VALUES (?, ?, ?)', '01', 5, Uint8Array.of(1))
  db.run('INSERT INTO a VALUES (?, ?, ?)', '1', null, null)
  const sql = "SELECT x, n, b, '?' AS mark FROM a WHERE x = ? ORDER BY n LIMIT ?"
  assert.deepEqual(db.all(sql, '01', 9), [{ x: '01', n: 5, b: Uint8Array.of(1), mark: '?' }])
  assert.deepEqual(db.all(sql, '1', 9), [{ x: '1', n: null, b: null, mark: '?' }])
})

test('a call that throws undoes itself and nothing else, alone or among others', (t) => {
  const { db, write } = openWriter(t)
  const account = (id: number, address: string, aliases: readonly string[] = []) =>
    ({ id, aggregate: 'mail', method: 'createAccount', args: [address, aliases, 0] }) as const
  const oks = (...calls: Parameters<typeof write>[0]) => write(calls).map(({ ok }) => ok)
  assert.deepEqual(oks(account(1, 'a@b.test')), [true])
  assert.deepEqual(oks(account(2, 'x@b.test', ['a@b.test'])), [false])
  assert.deepEqual(
    oks(account(3, 'c@b.test'), account(4, 'y@b.test', ['a@b.test']), account(5, 'd@b.test')),
    [true, false, true],
  )
  const kept = db.all<{ address: string }>('SELECT address FROM mail_account ORDER BY address')
  assert.deepEqual(
    kept.map(({ address }) => address),
    ['a@b.test', 'c@b.test', 'd@b.test'],
  )
})

test('what an older version has described is not described again', async (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  const db = openDatabase(path, 'write')
  db.script('CREATE TABLE schema_migration(version INTEGER PRIMARY KEY, name, sha256, applied_at_ms)')
  for (const { version, name, sql, sha256 } of readMigrations().filter(({ version }) => version < 6)) {
    db.script(sql)
    db.run('INSERT INTO schema_migration VALUES (?, ?, ?, 1)', version, name, sha256)
  }
  const root = { header: 0, body: 2, end: 5, type: 'text/plain' }
  const bytes = new Uint8Array([1])
  const sql = 'INSERT INTO mail_body VALUES (7, 5, 1, ?, ?, ?, ?)'
  db.run(sql, bytes, bytes, bytes, JSON.stringify(root))
  db.run('INSERT INTO mail_chunk VALUES (7 * 1024, ?)', new Uint8Array(5))
  db.close()
  const store = openSqliteStore({ path, writer: 'inline', nowMs })
  t.after(() => store.close())
  const described = { envelope: bytes, body: bytes, bodyStructure: bytes, root, etp: true }
  assert.deepEqual(await store.mail.describe(7), described)
  assert.equal((await store.mail.readBody(7, 0, 9))?.length, 5)
})

/** A writer of its own on the database of an open store. */
function openWriter(t: TestContext) {
  const path = join(temporaryDirectory(t), 'postkey.db')
  const store = openSqliteStore({ path, writer: 'inline', nowMs })
  t.after(() => store.close())
  const db = openDatabase(path, 'write')
  t.after(() => db.close())
  return { db, write: makeWriter(db, nowMs) }
}
