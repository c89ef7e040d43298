/** `npm run bench:fleet` works as docs/sizing.md tells it; how fast is the machine's business, not this test's. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../support/process.ts'

const root = join(import.meta.dirname, '..', '..')

test('a small fleet is activated against the server that npm start starts, each user once', async () => {
  const args = ['bench/fleet.ts', '--users', '4', '--parallel', '2']
  const { code, stdout, stderr } = await run(process.execPath, args, { cwd: root, timeoutMs: 120_000 })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /4 of 4 complete, 4 users with exactly one handheld, 4 in all/)
  assert.match(stdout, /VmHWM \d+ MiB/)
})
