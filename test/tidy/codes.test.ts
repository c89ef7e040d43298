/** Codes and configuration keys: each one used, each one documented. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configKeys } from '#config/keys.ts'
import { faultTable } from '#kernel/fault-table.ts'
import { logFields } from '#kernel/log-fields.ts'
import { metricNames } from '#kernel/metric-table.ts'
import { isHandheldCode } from '#protocol/handheld-text.ts'
import { generatedPages } from './generated-pages.ts'
import { read, type Source, sources } from './sources.ts'

const codes = Object.keys(faultTable)

/** Codes that no line outside the table names. Retry rules and words alone do not use a code. */
function unused(names: readonly string[], all: readonly Source[]): string[] {
  const text = all
    .filter(({ path }) => !path.startsWith('src/kernel/faults/'))
    .map((source) => source.text)
    .join('\n')
  return names.filter((name) => !text.includes(`'${name}'`))
}

test('every outcome code is used somewhere', () => {
  assert.deepEqual(unused(codes, sources('src')), [])
  assert.deepEqual(unused(['planted.code'], sources('src')), ['planted.code'])
})

for (const [path, make] of Object.entries(generatedPages))
  test(`${path} says what the source says: run \`npm run docs\``, () => {
    assert.equal(read(path), make())
  })

test('every outcome code is on the page', () => {
  const page = read('docs/operating.md')
  assert.deepEqual(
    codes.filter((code) => !page.includes(`#### \`${code}\``)),
    [],
  )
})

/** The names of fields in calls of the log, as far as they are written in the call itself. */
const loggedFields = (text: string): string[] =>
  [
    ...text.matchAll(/\b(?:log|env\.log)(?:\.(?:debug|info|warn|error|with)|\[[^\]]+\])\(\s*\{([^{}]*)\}/g),
  ].flatMap(([, fields = '']) => [...fields.matchAll(/(?:^|,)\s*(\w+)/g)].map(([, name = '']) => name))

test('every field of the log is on the page, and every one on the page is used', () => {
  const all = sources('src').filter(({ path }) => path !== 'src/kernel/log-fields.ts')
  const used = new Set(all.flatMap(({ text }) => loggedFields(text)))
  assert(used.size > 25, [...used].join(' '))
  assert.deepEqual(
    [...used].filter((name) => !Object.hasOwn(logFields, name)),
    [],
  )
  assert.deepEqual(
    Object.keys(logFields).filter((name) => !all.some(({ text }) => new RegExp(`\\b${name}\\b`).test(text))),
    [],
  )
  assert.deepEqual(loggedFields("env.log.warn({ planted: 1, other }, 'x')"), ['planted', 'other'])
})

test('every metric is on the page', () => {
  const page = read('docs/operating.md')
  assert.deepEqual(
    metricNames.filter((name) => !page.includes(`| \`${name}\` |`)),
    [],
  )
})

test('every code a handheld may hear has a text, and every sentence ends as one', () => {
  for (const [code, row] of Object.entries(faultTable)) {
    if ('e' in row) assert(isHandheldCode(row.e), code)
    assert.match(row.says, /^[A-Z].*[.)]$/, code)
    assert.match(row.next, /^[A-Z].*[.)]$/, code)
  }
})

/** Keys that the reference file does not explain: each stands below a comment of its own. */
function undocumented(names: readonly string[], file: string): string[] {
  const lines = file.split('\n')
  return names.filter((name) => {
    const key = name.split('.').at(-1) ?? name
    return !lines.some((line, i) => line.startsWith(`${key} = `) && (lines[i - 1] ?? '').startsWith('#'))
  })
}

test('every configuration key is in config/postkey.toml with a comment', () => {
  const names = configKeys.map(({ name }) => name)
  assert(names.length > 50, `${names.length} keys`)
  assert.deepEqual(undocumented(names, read('config/postkey.toml')), [])
  assert.deepEqual(undocumented(['smtp.planted'], read('config/postkey.toml')), ['smtp.planted'])
})
