import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { loadConfig } from '#config/load.ts'
import { Fault } from '#kernel/fault.ts'
import { openStore } from '../../src/offline.ts'
import { temporaryDirectory } from '../support/store.ts'

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
const open = (cwd: string) =>
  openStore(loadConfig({ set: [], env: {}, cwd }), { osUser: 'tester', token: null }, nowhere)

test('a command where no installation was begun makes none, and says where it looked', async (t) => {
  const cwd = temporaryDirectory(t)
  await assert.rejects(open(cwd), (error) => {
    assert(error instanceof Fault && error.code === 'store.none')
    assert.equal(error.detail, `database: ${join(cwd, 'data', 'postkey.db')}\nconfiguration: no file`)
    return true
  })
  assert.deepEqual(readdirSync(cwd), [])
})

test('the configuration that was read is named with it', async (t) => {
  const cwd = temporaryDirectory(t)
  writeFileSync(join(cwd, 'postkey.toml'), '')
  await assert.rejects(open(cwd), (error) => error instanceof Fault && /postkey\.toml$/.test(error.detail))
})
