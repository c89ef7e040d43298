/** The handheld's own directory on a disk that lets it down. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ed25519Key } from '#crypto/ed25519.ts'
import { openHandheldDirectory } from '#handheld/file.ts'
import { initialState } from '#handheld/state.ts'
import type { RelayId } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { temporaryDirectory } from '../../support/store.ts'

const isStorageFault = (error: unknown): boolean =>
  error instanceof Fault && error.code === 'handheld.storage' && error.detail !== ''

test('a directory that cannot be made has a code', async (t) => {
  const file = join(temporaryDirectory(t), 'file')
  writeFileSync(file, '')
  await assert.rejects(openHandheldDirectory(join(file, 'handheld')), isStorageFault)
})

test('a state that cannot be written has a code, and what was written before can still be read', async (t) => {
  const dir = join(temporaryDirectory(t), 'handheld')
  const storage = await openHandheldDirectory(dir)
  t.after(() => storage.close())
  const seed = new Uint8Array(32).fill(1)
  const publicKey = ed25519Key(seed).publicKey
  const names = { model: 'A 1', softwareVersion: '1', platform: '' }
  const fresh = { pin: null, certificate: null, relayGeneration: null, clockOffsetMs: 0 }
  const saved = {
    seed,
    state: initialState({ ...names, ...fresh, publicKey, relayId: 'relay.test' as RelayId }),
  }
  await storage.save(saved)
  // Where the next state is written first there is something that is no file.
  mkdirSync(join(dir, 'handheld.json.new'))
  await assert.rejects(storage.save({ ...saved, seed: new Uint8Array(32).fill(2) }), isStorageFault)
  assert.deepEqual((await storage.load())?.seed, saved.seed)
})
