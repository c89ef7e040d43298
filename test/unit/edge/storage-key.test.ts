import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openVault } from '#edge/storage-key.ts'
import { openVaultFrom } from '#edge/storage-key-source.ts'
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

test('a key in a credential of the service manager opens, as bytes or as hex digits, and another one does not', async (t) => {
  const directory = temporaryDirectory(t)
  const { installation } = openTestStore(t)
  const open = (name: string, where: string | undefined = directory) =>
    openVaultFrom({ kind: 'credential', name, directory: where }, installation, systemRandom)
  const key = systemRandom.bytes(32)
  writeFileSync(join(directory, 'raw'), key)
  writeFileSync(join(directory, 'hex'), `${Buffer.from(key).toString('hex').toUpperCase()}\n`)
  writeFileSync(join(directory, 'other'), systemRandom.bytes(32))
  writeFileSync(join(directory, 'short'), 'too short')
  const sealed = (await open('raw')).seal('here', utf8('secret'))
  assert.deepEqual((await open('hex')).open('here', sealed), utf8('secret'))
  for (const bad of ['other', 'short', 'missing'])
    await assert.rejects(open(bad), { code: 'storage_key.wrong' }, bad)
  await assert.rejects(open('raw', ''), { code: 'storage_key.wrong' })
})

test('a key made of a passphrase is the same at each start, and another passphrase is refused', async (t) => {
  const { installation } = openTestStore(t)
  const open = (passphrase: string) =>
    openVaultFrom({ kind: 'passphrase', passphrase }, installation, systemRandom)
  const sealed = (await open('quiet paper boat')).seal('here', utf8('secret'))
  assert.deepEqual((await open('quiet paper boat')).open('here', sealed), utf8('secret'))
  await assert.rejects(open('quiet paper boats'), { code: 'storage_key.wrong' })
  // The same passphrase at another installation is another key.
  const other = openTestStore(t).installation
  const theirs = await openVaultFrom(
    { kind: 'passphrase', passphrase: 'quiet paper boat' },
    other,
    systemRandom,
  )
  assert.equal(theirs.open('here', sealed), null)
})
