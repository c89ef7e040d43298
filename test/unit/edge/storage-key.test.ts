import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openVault } from '#edge/storage-key.ts'
import { systemRandom } from '#edge/system.ts'
import { utf8 } from '#kernel/bytes.ts'
import { openTestStore, temporaryDirectory } from '../../support/store.ts'

test('a first start leaves one whole key that only its owner may read, and the next start opens with it', async (t) => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'storage.key')
  const { installation } = openTestStore(t)
  const vault = await openVault(path, installation, systemRandom)
  assert.deepEqual(readdirSync(directory), ['storage.key'])
  assert.equal(readFileSync(path).length, 32)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const sealed = vault.seal('here', utf8('secret'))
  const again = await openVault(path, installation, systemRandom)
  assert.deepEqual(again.open('here', sealed), utf8('secret'))
})

test('a draft that a crash has left is in nobody’s way', async (t) => {
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, `storage.key.${process.pid}.new`), 'half')
  await openVault(join(directory, 'storage.key'), openTestStore(t).installation, systemRandom)
  assert.deepEqual(readdirSync(directory), ['storage.key'])
})

test('a key that another start has made meanwhile is the one that both use', async (t) => {
  const path = join(temporaryDirectory(t), 'storage.key')
  const theirs = new Uint8Array(32).fill(7)
  const late = {
    bytes: (length: number) => {
      writeFileSync(path, theirs)
      return new Uint8Array(length).fill(1)
    },
  }
  await openVault(path, openTestStore(t).installation, late)
  assert.deepEqual(new Uint8Array(readFileSync(path)), theirs)
})

test('a database whose key file is gone is not opened with a new key', async (t) => {
  const directory = temporaryDirectory(t)
  const { installation } = openTestStore(t)
  await openVault(join(directory, 'storage.key'), installation, systemRandom)
  const elsewhere = join(directory, 'other.key')
  await assert.rejects(openVault(elsewhere, installation, systemRandom), { code: 'storage_key.wrong' })
  assert.deepEqual(readdirSync(directory), ['storage.key'])
})
