/** A storage key is replaced, and may be interrupted anywhere on the way. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openVault } from '#edge/storage-key.ts'
import { systemRandom } from '#edge/system.ts'
import { utf8 } from '#kernel/bytes.ts'
import { silentLog } from '#kernel/log.ts'
import { openDatabase, type SqlValue } from '#store/sqlite/database.ts'
import type { SealedPlace } from '#store/sqlite/reseal.ts'
import type { Base } from '../../../src/roles/base.ts'
import { rotateStorageKey } from '../../../src/roles/rotate-storage-key.ts'
import { sealedPlaces } from '../../../src/roles/sealed-places.ts'
import { openTestStore, temporaryDirectory } from '../../support/store.ts'

interface Site {
  readonly path: string
  readonly keyFile: string
  base(diesAt?: string, nth?: number): Base
  /** Whether everything that is sealed opens under the key that the file holds now. */
  opens(): Promise<boolean>
}

class Died extends Error {}

/** Enough rows of some places for more than one batch. */
async function makeSite(t: TestContext): Promise<Site> {
  const directory = temporaryDirectory(t)
  const [path, keyFile] = [join(directory, 'postkey.db'), join(directory, 'storage.key')]
  const store = openTestStore(t, { path })
  const vault = await openVault(keyFile, store.installation, systemRandom)
  const db = openDatabase(path, 'write')
  t.after(() => db.close())
  const sealed = (context: string): Uint8Array => vault.seal(context, utf8(`of ${context}`))
  for (let i = 1; i <= 1_100; i += 1)
    db.run('INSERT INTO run_secret VALUES (?, ?)', `txn${i}`, sealed(`run_secret/txn${i}`))
  db.run("INSERT INTO installation VALUES ('credential/ca', ?)", sealed('credential/ca'))
  db.run("INSERT INTO relay_identity VALUES (1, 'relay.test', 1, ?, NULL)", sealed('relay route key'))
  db.run(
    `INSERT INTO master_key(pin, kid, suite, txn, state, sealed, replay_window, next_seq, created_at_ms)
     VALUES ('2100000A', 7, 1, 'txn1', 'current', ?, x'00', 1, 1)`,
    sealed('master_key/2100000A/7'),
  )
  const config = { store: { path, storage_key: 'file', storage_key_file: keyFile } }
  return {
    path,
    keyFile,
    base: (diesAt, nth = 0) => {
      let count = 0
      const failpoint = (name: string) => {
        if (name !== diesAt) return
        if (count === nth) throw new Died(name)
        count += 1
      }
      return { config, random: systemRandom, log: silentLog, failpoint } as unknown as Base
    },
    opens: async () => {
      const now = await openVault(keyFile, store.installation, systemRandom)
      return sealedPlaces.every((place) =>
        rowsOf(db, place).every((row) => {
          const context = place.context(row)
          const plain = now.open(context, row.sealed as Uint8Array)
          return plain !== null && Buffer.from(plain).toString() === `of ${context}`
        }),
      )
    },
  }
}

const rowsOf = (db: ReturnType<typeof openDatabase>, place: SealedPlace) =>
  db.all<Record<string, SqlValue>>(
    `SELECT *, ${place.column} AS sealed${place.also ? `, ${place.also} AS also` : ''} FROM ${place.table}
     WHERE ${place.column} IS NOT NULL AND ${place.where ?? '1'}`,
  )

test('every sealed column of the schema is sealed anew', (t) => {
  const path = join(temporaryDirectory(t), 'postkey.db')
  openTestStore(t, { path })
  const db = openDatabase(path, 'read')
  t.after(() => db.close())
  const columns = db.all<{ place: string }>(
    `SELECT m.name || '.' || c.name AS place FROM sqlite_master m, pragma_table_info(m.name) c
     WHERE m.type = 'table' AND c.type = 'BLOB' AND c.name LIKE '%sealed%' ORDER BY place`,
  )
  const listed = sealedPlaces.map(({ table, column }) => `${table}.${column}`)
  assert.deepEqual(
    columns.map(({ place }) => place),
    listed.filter((place) => place !== 'installation.value').sort(),
  )
})

test('after a rotation everything opens under the new key, and nothing under the old one', async (t) => {
  const site = await makeSite(t)
  const old = readFileSync(site.keyFile)
  const { rows } = await rotateStorageKey(site.base())
  assert.equal(rows, 1_103)
  assert.notDeepEqual(readFileSync(site.keyFile), old)
  assert.equal(existsSync(`${site.keyFile}.next`), false)
  assert.equal(await site.opens(), true)
  assert.equal((await rotateStorageKey(site.base())).rows, 1_103)
  assert.equal(await site.opens(), true)
})

test('a rotation that was interrupted anywhere leaves a database that opens, and goes on when it is asked for again', async (t) => {
  const points: [string, number][] = [
    ...sealedPlaces.map((_, i): [string, number] => ['storage_key.between_places', i]),
    ['storage_key.after_check', 0],
  ]
  for (const [point, nth] of points) {
    const site = await makeSite(t)
    await assert.rejects(rotateStorageKey(site.base(point, nth)), Died)
    assert.equal(await site.opens(), true, `${point} ${nth}`)
    await rotateStorageKey(site.base())
    assert.equal(await site.opens(), true, `${point} ${nth}, done`)
    assert.equal(existsSync(`${site.keyFile}.next`), false)
  }
})
