import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { configKeys } from '#config/keys.ts'
import { checkConfig } from '#config/load.ts'
import { readFileText } from '#config/sources.ts'

const file = (name: string) => new URL(`../../../config/${name}`, import.meta.url).pathname
const reference = readFileSync(file('postkey.toml'), 'utf8')

test('the reference file names every key, in the schema’s order, and no other', () => {
  const { values, mistakes } = readFileText(reference, 'postkey.toml')
  assert.deepEqual(mistakes, [])
  assert.deepEqual(
    [...values.keys()],
    configKeys.map((key) => key.name),
  )
  assert.ok(configKeys.length > 60)
})

test('the reference file gives each key its default', () => {
  const { values } = readFileText(reference, 'postkey.toml')
  for (const key of configKeys) assert.deepEqual(values.get(key.name)?.value, key.defaultValue, key.name)
})

test('every key of the reference file has a comment right above it', () => {
  const lines = reference.split('\n')
  const uncommented = lines.filter((line, i) => /^[a-z_]+ = /.test(line) && !lines[i - 1]?.startsWith('# '))
  assert.deepEqual(uncommented, [])
})

test('every key has one environment variable of its own', () => {
  const names = configKeys.map((key) => key.environment)
  assert.equal(new Set(names).size, names.length)
  assert.ok(names.includes('POSTKEY_SMTP_PORT') && names.includes('POSTKEY_RELAY_SMTP_HOST'))
})

test('the example and the reference are configurations without a mistake', () => {
  for (const name of ['example.toml', 'postkey.toml'])
    assert.deepEqual(checkConfig({ file: file(name), set: [], env: {}, cwd: '/' }).mistakes, [], name)
})
