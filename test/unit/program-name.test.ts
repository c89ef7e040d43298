import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { programName } from '../../src/program-name.ts'
import { nextSteps } from '../../src/start.ts'
import { temporaryDirectory } from '../support/store.ts'

test('the program is named as it can be typed: from the PATH, else by the way to it', (t) => {
  const root = temporaryDirectory(t)
  const [bin, elsewhere, other] = [join(root, 'bin'), join(root, 'elsewhere'), join(root, 'other')]
  for (const directory of [bin, elsewhere, other]) mkdirSync(directory)
  const file = join(bin, 'postkey')
  writeFileSync(file, '')
  assert.equal(programName(`${elsewhere}:${bin}`, root, file), 'postkey')
  assert.equal(programName(undefined, root, file), 'bin/postkey')
  assert.equal(programName('', bin, file), './postkey')
  assert.equal(programName('', elsewhere, file), file)
  symlinkSync(file, join(elsewhere, 'postkey'))
  assert.equal(programName(elsewhere, other, file), 'postkey')
  writeFileSync(join(other, 'postkey'), 'another program')
  assert.equal(programName(`${other}:${bin}`, root, file), 'bin/postkey', 'another one comes first')
})

test('what `start` shows to type next works in the directory it was started in, with its configuration', () => {
  const root = join(import.meta.dirname, '../..')
  const steps = nextSteps({ deps: { env: { PATH: '' }, cwd: root }, configInput: {} })
  assert(steps.includes(`in another terminal, in ${root}:\n  bin/postkey user add`), steps)
  assert(steps.includes('; bin/postkey start goes on'), steps)
  const env = { PATH: join(root, 'bin') }
  const named = nextSteps({ deps: { env, cwd: '/' }, configInput: { file: '/etc/site.toml' } })
  assert(named.includes('\n  postkey --config /etc/site.toml handheld activate'), named)
})
