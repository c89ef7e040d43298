/** Each promise of docs/promises.md and docs/threat-model.md names a test, and the test exists. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const pages = ['docs/promises.md', 'docs/threat-model.md']

interface Named {
  readonly file: string
  readonly name: string
}

/** Rows end in "`test/…`: the test's name |", several tests apart by a semicolon and a code span. */
function testsNamedIn(page: string): Named[] {
  const cells = page.matchAll(/`(test\/[\w./-]+\.ts)`: ([^|]+?)(?=; `test\/| \|)/g)
  return [...cells].map(([, file = '', name = '']) => ({ file, name }))
}

const rowsWithout = (page: string): string[] =>
  page
    .split('\n')
    .filter((line) => /^\| (?!We never|Who|What|Border|---)/.test(line) && !/^\|-/.test(line))
    .filter((line) => testsNamedIn(line).length === 0 && !/not tested|no test/.test(line))

const unescaped = (text: string): string => text.replaceAll('\\\\', '\\').replaceAll(/\\'/g, "'")

function isMissing({ file, name }: Named): boolean {
  const path = join(root, file)
  return !existsSync(path) || !unescaped(readFileSync(path, 'utf8')).includes(unescaped(name))
}

for (const path of pages) {
  test(`every row of ${path} names a test that exists`, () => {
    const page = readFileSync(join(root, path), 'utf8')
    const named = testsNamedIn(page)
    assert.ok(named.length >= 15, `${named.length} tests named`)
    assert.deepEqual(rowsWithout(page), [], 'rows without a test')
    assert.deepEqual(named.filter(isMissing), [], 'names that are no test')
  })
}

test('a name that is no test is noticed, and so is a row without one', () => {
  const [named] = testsNamedIn('| fly | `test/tidy/promises.test.ts`: pigs do not fly, said ' + 'backwards |')
  assert.deepEqual(named?.file, 'test/tidy/promises.test.ts')
  assert.ok(isMissing({ file: 'test/tidy/promises.test.ts', name: ['pigs', 'fly', 'north'].join(' ') }))
  assert.deepEqual(rowsWithout('| fly | we hope so |'), ['| fly | we hope so |'])
})
