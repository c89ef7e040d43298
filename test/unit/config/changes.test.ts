import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { changedKeys, fileMarks, withKeysOf } from '#config/changes.ts'
import { checkConfig } from '#config/load.ts'
import type { Config } from '#config/schema.ts'
import { temporaryDirectory } from '../../support/store.ts'

function configOf(...set: readonly string[]): Config {
  const { loaded, mistakes } = checkConfig({ set, env: {}, cwd: '/' })
  assert(loaded, JSON.stringify(mistakes))
  return loaded.config
}

const seen = (config: Config) => ({ config, marks: fileMarks(config) })

test('a key whose value is another has changed, and no other', () => {
  const [before, after] = [configOf(), configOf('smtp.port=25', 'server.domains=a.test,b.test')]
  assert.deepEqual(changedKeys(seen(before), seen(after)), ['server.domains', 'smtp.port'])
  assert.deepEqual(changedKeys(seen(before), seen(configOf())), [])
})

test('a key whose file holds something else has changed, in a table of them too', (t) => {
  const directory = temporaryDirectory(t)
  const [password, ca] = [join(directory, 'password'), join(directory, 'ca.pem')]
  for (const file of [password, ca]) writeFileSync(file, 'one\n')
  const route = JSON.stringify([{ domain: 'a.test', host: 'mx.a.test', ca_file: ca }])
  const config = configOf(`imap.password_file=${password}`, `relay.smtp_route=${route}`)
  const before = seen(config)
  assert.deepEqual(changedKeys(before, seen(config)), [])
  writeFileSync(password, 'two\n')
  assert.deepEqual(changedKeys(before, seen(config)), ['imap.password_file'])
  writeFileSync(ca, 'two\n')
  assert.deepEqual(changedKeys(before, seen(config)), ['imap.password_file', 'relay.smtp_route'])
})

test('keys are taken back one by one', () => {
  const [before, after] = [
    configOf(),
    configOf('smtp.port=25', 'smtp.recipients_max=7', 'relay.smtp.host=mx.test'),
  ]
  const mixed = withKeysOf(after, before, ['smtp.port', 'relay.smtp.host'])
  assert.deepEqual([mixed.smtp.port, mixed.smtp.recipients_max, mixed.relay.smtp.host], [2525, 7, ''])
  assert.equal(after.smtp.port, 25, 'what was given is left as it is')
})
