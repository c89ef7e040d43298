/** `activation explain` names every failure of the list: each has its code, and a test that makes it happen. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { faultRow, isFaultCode } from '#kernel/fault.ts'
import { type Failure, failures, type Named } from '../support/failures.ts'

const listed = 25
const root = join(import.meta.dirname, '..', '..')

/** The source of the test that bears this name, up to where the next one begins; null where there is none. */
function bodyOf({ file, test: name }: Named): string | null {
  const source = readFileSync(join(root, file), 'utf8').replaceAll("\\'", "'")
  const at = source.indexOf(name)
  if (at < 0) return null
  const rest = source.slice(at)
  const next = rest.search(/\n {2}\},\n|\n {4}\] as const\)|\n {2}\}\)\n|\n\}\)\n/)
  return next < 0 ? rest : rest.slice(0, next)
}

/** Why this failure is not named, or null where it is. */
function whatIsMissing({ words, named }: Failure): string | null {
  if (named.length === 0) return `${words}: no code`
  for (const one of named) {
    if (!isFaultCode(one.code)) return `${words}: ${one.code} is not in the fault table`
    const { says, next, turn } = faultRow(one.code)
    if (!says || !next || !turn) return `${words}: ${one.code} does not say what, what next, and whose turn`
    const body = bodyOf(one)
    if (body === null) return `${words}: no test in ${one.file} is called "${one.test}"`
    if (!body.includes(`'${one.code}'`)) return `${words}: "${one.test}" does not look for ${one.code}`
  }
  return null
}

test('explain names every failure of the list', (t) => {
  const missing = failures.flatMap((failure) => whatIsMissing(failure) ?? [])
  const good = failures.length - missing.length
  t.diagnostic(`explain names ${good} of ${listed}`)
  assert.deepEqual(missing, [])
  assert.equal(new Set(failures.map(({ words }) => words)).size, listed)
})

test('a failure without its test, its code or a look at it is noticed', () => {
  const [first] = failures
  const named = first?.named[0]
  assert(named)
  const with_ = (change: Partial<Named>): Failure => ({ words: 'x', named: [{ ...named, ...change }] })
  assert.equal(whatIsMissing(with_({})), null)
  assert.match(whatIsMissing({ words: 'x', named: [] }) ?? '', /no code/)
  assert.match(whatIsMissing(with_({ code: 'no.such' as Named['code'] })) ?? '', /fault table/)
  assert.match(whatIsMissing(with_({ test: 'a test that nobody wrote' })) ?? '', /no test/)
  assert.match(whatIsMissing(with_({ code: 'grant.none' })) ?? '', /does not look for/)
})
