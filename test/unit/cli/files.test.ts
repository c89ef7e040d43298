/** Files that commands write and read: what stands in the way of one is said in words. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { faultCodeOf } from '#kernel/fault.ts'
import { newBackupFile } from '#store/sqlite/care.ts'
import { type Console, openConsole } from './console.ts'

let site: Console
beforeEach(() => {
  site = openConsole()
})
afterEach(() => site.close())

const writers: readonly (readonly string[])[] = [
  ['audit', 'export', 'kept'],
  ['user', 'export', 'kept'],
  ['policy', 'export', 'default', 'kept'],
  ['password', 'generate', '--csv', '-', '--output', 'kept'],
]
for (const argv of writers)
  test(`a file that is there already is called that, and stays: ${argv.slice(0, 2).join(' ')}`, async () => {
    const path = join(site.directory, 'kept')
    writeFileSync(path, 'of before')
    const { code, err } = await site.run(argv, { stdin: 'alice@example.test' })
    assert.equal(code, 1)
    assert.match(err, /\(kept is there already\)\n[\s\S]*never written[\s\S]*admin\.file/)
    assert.equal(readFileSync(path, 'utf8'), 'of before')
  })

test('a backup is not written over what is there either, and says so', () => {
  const path = join(site.directory, 'kept.db')
  writeFileSync(path, 'of before')
  assert.throws(
    () => newBackupFile(path),
    (error) => faultCodeOf(error) === 'admin.file' && /kept\.db is there already/.test(String(error)),
  )
})

test('a directory that is not there is what keeps a file from being written', async () => {
  const { err } = await site.run(['policy', 'export', 'default', 'nowhere/default.toml'])
  assert.match(err, /nowhere\/default\.toml is not there, or its directory is not/)
})
