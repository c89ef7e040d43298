/** What SQLite itself holds the audit log to, whoever writes, and what a crash leaves of an act. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { owner } from '#admin/access/caller.ts'
import { checkChain } from '#audit/chain.ts'
import { openDatabase } from '#store/sqlite/database.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import { reseal } from '#store/sqlite/reseal.ts'
import type { CommitHooks } from '#store/sqlite/writer.ts'
import type { Store } from '#store/store.ts'
import { entry } from '../../contract/store-audit.ts'
import { temporaryDirectory } from '../../support/store.ts'
import { openInstallation } from '../admin/installation.ts'

const nowMs = () => 1_000

function open(t: TestContext, path: string, writer: 'thread' | 'inline' = 'inline'): Store {
  const store = openSqliteStore({ path, writer, nowMs })
  t.after(() => store.close())
  return store
}

async function verdict(store: Store) {
  const check = checkChain()
  for (const line of await store.audit.lines(0, 100_000)) check.next(line)
  return check.end(await store.audit.head())
}

test('SQLite refuses to change or remove a line, and to add one that is not the next', async (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  const store = open(t, path)
  await store.audit.append([entry(), entry(), entry()])
  const db = openDatabase(path, 'write')
  t.after(() => db.close())
  for (const sql of [
    "UPDATE audit_line SET who = 'os:eve' WHERE seq = 2",
    'UPDATE audit_line SET seq = 9 WHERE seq = 3',
    'DELETE FROM audit_line WHERE seq = 3',
    'DELETE FROM audit_line',
    'INSERT INTO audit_line SELECT 9, at_ms, who, role, source, what, subject, change, outcome, answers, previous, hash FROM audit_line WHERE seq = 3',
    'INSERT OR REPLACE INTO audit_line SELECT * FROM audit_line WHERE seq = 2',
  ])
    assert.throws(() => db.run(sql), /audit log/, sql)
  assert.equal(await verdict(store), null)
})

test('whoever takes the fences away first is found out all the same', async (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  const store = open(t, path)
  await store.audit.append([entry(), entry(), entry(), entry()])
  const db = openDatabase(path, 'write')
  t.after(() => db.close())
  for (const name of ['audit_line_no_update', 'audit_line_no_delete', 'audit_line_in_order'])
    db.script(`DROP TRIGGER ${name}`)
  const undone = async (sql: string, found: object) => {
    db.script(`SAVEPOINT planted; ${sql}; RELEASE planted`)
    assert.deepEqual(await verdict(store), found, sql)
  }
  db.script('CREATE TABLE kept AS SELECT * FROM audit_line')
  const restore = 'DELETE FROM audit_line; INSERT INTO audit_line SELECT * FROM kept'
  await undone("UPDATE audit_line SET outcome = 'ok2' WHERE seq = 2", { kind: 'changed', seq: 2 })
  db.script(restore)
  await undone('DELETE FROM audit_line WHERE seq = 3', { kind: 'missing', seq: 3 })
  db.script(restore)
  await undone('DELETE FROM audit_line WHERE seq = 4', { kind: 'cut_off', seq: 4 })
  db.script(restore)
  await undone(
    'UPDATE audit_line SET seq = 9 WHERE seq = 2; UPDATE audit_line SET seq = 2 WHERE seq = 3; UPDATE audit_line SET seq = 3 WHERE seq = 9',
    { kind: 'changed', seq: 2 },
  )
  db.script(restore)
  assert.equal(await verdict(store), null)
})

test('two processes that append at once keep one chain', async (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  const [server, command] = [open(t, path, 'thread'), open(t, path)]
  const append = (store: Store, who: string) =>
    Promise.all(Array.from({ length: 60 }, (_, i) => store.audit.append([entry({ who, on: String(i) })])))
  await Promise.all([append(server, 'os:server'), append(command, 'os:command')])
  assert.equal((await server.audit.head()).seq, 120)
  assert.equal(await verdict(command), null)
})

test('a key that is erased by somebody else has its line with the next commit of ours', async (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  const store = open(t, path)
  await store.installation.put('credential/ca', new Uint8Array(1))
  const db = openDatabase(path, 'write')
  t.after(() => db.close())
  db.run("UPDATE installation SET value = x'0909' WHERE name = 'credential/ca'")
  await store.installation.put('anything', new Uint8Array(1))
  assert.deepEqual(
    (await store.audit.lines(0, 9)).map(({ what }) => what),
    ['certificate.made', 'certificate.renewed'],
  )
  assert.equal(await verdict(store), null)
})

test('a value that is only sealed anew is no new key, and leaves no line', async (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  const store = open(t, path)
  await store.installation.put('credential/ca', new Uint8Array(1))
  const db = openDatabase(path, 'write')
  t.after(() => db.close())
  const place = { table: 'installation', column: 'value', keys: ['name'], where: "name GLOB 'credential/*'" }
  const changed = reseal(db, { ...place, context: ({ name }) => String(name) }, () => Uint8Array.of(9))
  assert.equal(changed, 1)
  await store.installation.put('storage_key_check', new Uint8Array(1))
  assert.deepEqual(
    (await store.audit.lines(0, 9)).map(({ what }) => what),
    ['certificate.made', 'storage_key.made'],
  )
})

/** Dies at the commit of this number, before it or after it, and answers nothing any more. */
function dyingAt(commit: number, side: 'before' | 'after'): CommitHooks {
  let count = 0
  const die = (): void => {
    throw new Error('killed')
  }
  return {
    beforeCommit: () => {
      count += 1
      if (count > commit || (count === commit && side === 'before')) die()
    },
    afterCommit: () => {
      if (count === commit && side === 'after') die()
    },
  }
}

test('a crash at any commit of an act leaves no act without a line', async (t) => {
  let survived = false
  for (let commit = 1; !survived; commit += 1)
    for (const side of ['before', 'after'] as const) {
      const path = join(temporaryDirectory(t), 'postkey.db')
      openSqliteStore({ path, writer: 'inline', nowMs }).close()
      const dying = openSqliteStore({ path, writer: 'inline', nowMs, hooks: dyingAt(commit, side) })
      const site = openInstallation({ store: dying })
      const admin = site.desk.admin(owner('root', 'store'))
      const acts = async () => {
        await admin.users.add({ address: 'alice@example.test' })
        await admin.passwords.generate('alice@example.test')
        await admin.access.deny('2100AB3F')
      }
      survived = await acts().then(
        () => true,
        () => false,
      )
      await dying.close()
      const store = openSqliteStore({ path, writer: 'inline', nowMs })
      const said = new Set((await store.audit.lines(0, 100)).map(({ what }) => what))
      const user = await store.users.byAddress('alice@example.test' as never)
      const where = `killed ${side} commit ${commit}`
      if (user) assert(said.has('users.add'), where)
      if (user && (await store.users.newestGrant(user.id))) assert(said.has('passwords.generate'), where)
      if ((await store.access.list()).length > 0) assert(said.has('access.deny'), where)
      assert.equal(await verdict(store), null, where)
      await store.close()
      await site.close()
    }
})
