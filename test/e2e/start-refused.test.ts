/** A server that cannot start says why and ends: nothing that had begun keeps the process. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bin } from '../support/postkey.ts'
import { run } from '../support/process.ts'
import { temporaryDirectory } from '../support/store.ts'

test('an empty password file for the mail server ends the start with its name', async (t) => {
  const data = temporaryDirectory(t)
  const passwordFile = join(data, 'imap.password')
  writeFileSync(passwordFile, '', { mode: 0o600 })
  const settings = [
    `server.data_dir=${data}`,
    'imap.host=127.0.0.1',
    'imap.user=postkey',
    `imap.password_file=${passwordFile}`,
    'relay.smtp.host=127.0.0.1',
    'smtp.port=0',
    'relay.port=0',
  ]
  const args = settings.flatMap((value) => ['--set', value])
  const { code, stderr } = await run(bin, [...args, 'serve'], { cwd: data, timeoutMs: 60_000 })
  assert.equal(code, 78, stderr)
  assert.match(stderr, /imap\.password is empty/)
})
