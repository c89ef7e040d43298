/** Types and lint are part of the tests, so that a green run means a green tree. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from './sources.ts'

function tool(name: string, ...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules', '.bin', name), args, {
    cwd: root,
    encoding: 'utf8',
  })
  assert.equal(status, 0, `${stdout}${stderr}`.slice(0, 4_000))
}

test('the types hold', () => tool('tsc', '--noEmit'))
test('the linter and the formatter are content', () => tool('biome', 'check', '.'))
