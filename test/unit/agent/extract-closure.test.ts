/** The thread that reads strangers' mail can leak nothing that its code never meets. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { importsOf } from '../../tidy/sources.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** Every file of ours that is loaded with `entry`, and every package. Types alone are not loaded. */
function loadedWith(entry: string): { files: string[]; packages: string[] } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const visit = (path: string): void => {
    if (files.has(path)) return
    files.add(path)
    const text = readFileSync(join(root, path), 'utf8').replaceAll(/^import type [^;]*?from '[^']*'$/gm, '')
    for (const specifier of importsOf({ path, text })) {
      if (specifier.startsWith('#')) visit(`src/${specifier.slice(1)}`)
      else if (specifier.startsWith('.')) visit(join(path, '..', specifier))
      else packages.add(specifier)
    }
  }
  visit(entry)
  return { files: [...files].sort(), packages: [...packages].sort() }
}

test('the reading thread loads no store, no network and no key', () => {
  const { files, packages } = loadedWith('src/agent/extract-thread.ts')
  assert(
    files.includes('src/agent/extract.ts') && files.includes('src/protocol/etp.ts'),
    'the walk sees imports',
  )
  const allowed = /^src\/(?:kernel\/|protocol\/|crypto\/hash\.ts$|agent\/extract(?:-thread)?\.ts$)/
  assert.deepEqual(
    files.filter((file) => !allowed.test(file)),
    [],
  )
  assert.deepEqual(
    packages.filter(
      (name) => !['mailparser', 'cborg', 'tr46', 'node:crypto', 'node:worker_threads'].includes(name),
    ),
    [],
  )
})
