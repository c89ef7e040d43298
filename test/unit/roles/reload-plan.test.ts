import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { configKeys } from '#config/keys.ts'
import { consequenceOf, planReload } from '../../../src/roles/reload-plan.ts'

test('of every key it is known what a change of it asks for', () => {
  const unknown = configKeys.filter(({ name }) => consequenceOf(name) === undefined)
  assert.deepEqual(
    unknown.map(({ name }) => name),
    [],
  )
  assert.equal(consequenceOf('planted.key'), undefined)
})

test('only the roles a key is about are started again', () => {
  const { roles, needRestart } = planReload(['agent.poll_seconds', 'log.level', 'doctor.canary'])
  assert.deepEqual([[...roles], needRestart], [['agent'], []])
})

test('where a process is found, and where it keeps its data, holds for its life', () => {
  const fixed = ['store.path', 'admin.socket', 'relay.port', 'http.port', 'imap.host', 'relay.smtp.host']
  const { roles, needRestart } = planReload([...fixed, 'relay.mails_per_address_hour'])
  assert.deepEqual(needRestart, fixed)
  assert.deepEqual([...roles], ['relay'])
})

test('who trusts a certificate is started again with its listener', () => {
  assert.deepEqual([...planReload(['imap_server.tls_cert_file']).roles], ['imap', 'agent'])
  assert.deepEqual([...planReload(['relay.tls_key_file']).roles], ['relay', 'agent'])
})

test('docs/how-to/systemd.md names every key that needs a restart, by itself or by its section', () => {
  const page = readFileSync(new URL('../../../docs/how-to/systemd.md', import.meta.url), 'utf8')
  const [, list = ''] = page.split('value until then:')
  const isNamed = (name: string) =>
    list.includes(`\`${name}\``) || list.includes(`\`[${name.split('.')[0]}]\``)
  for (const { name } of configKeys) assert.equal(isNamed(name), consequenceOf(name) === 'restart', name)
})
