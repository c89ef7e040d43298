import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderTable } from '#cli/table.ts'
import { fields, visible, wrap } from '#cli/text.ts'
import { duration, localIso, relative } from '#cli/time.ts'
import { parseUsers } from '#cli/user-csv.ts'

test('durations are read in two units at most', () => {
  assert.deepEqual([0, 999, 1_000, 59_940, 60_000, 192_000, 7_500_000, 100_000_000, -1_500].map(duration), [
    '0 ms',
    '999 ms',
    '1.0 s',
    '59.9 s',
    '1 min',
    '3 min 12 s',
    '2 h 5 min',
    '1 d 3 h',
    '-1.5 s',
  ])
})

test('moments are near or far, past or to come', () => {
  assert.deepEqual(
    [0, 5_000, -200_000, 7_199_900, -200_000_000].map((ms) => relative(1e12 + ms, 1e12)),
    ['now', 'in 5 s', '3 min ago', 'in 2 h', '2 d ago'],
  )
})

test('local time is ISO 8601 with the zone’s offset, half hours and the west included', () => {
  const atMs = Date.UTC(2026, 0, 5, 23, 30)
  assert.equal(
    localIso(atMs, () => 330),
    '2026-01-06T05:00:00+05:30',
  )
  assert.equal(
    localIso(atMs, () => -210),
    '2026-01-05T20:00:00-03:30',
  )
})

test('text is wrapped between words and values line up under their beginning', () => {
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three'])
  assert.equal(
    fields(
      [
        ['a', 'x'],
        ['long', 'y z'],
        ['none', null],
      ],
      20,
    ),
    '  a     x\n  long  y z\n',
  )
  assert.equal(visible('a\u0000\u009b\u2067b'), 'a\\u0000\\u009b\\u2067b')
})

test('only flexible columns are wrapped, the others stay whole', () => {
  const rows = [{ id: 'x'.repeat(20), text: 'some words that do not fit' }]
  const columns = [
    { title: 'ID', value: (row: { id: string }) => row.id },
    { title: 'TEXT', value: (row: { text: string }) => row.text, flexible: true },
  ]
  assert.equal(
    renderTable(columns, rows, { width: 36, bold: (text) => text }),
    `ID                    TEXT\n${'x'.repeat(20)}  some words\n${' '.repeat(22)}that do not\n${' '.repeat(22)}fit\n`,
  )
})

test('CSV rows are read by header or by position, with the line each ends in', () => {
  assert.deepEqual(parseUsers('Aliases,Address\na@x.test;b@x.test,c@x.test\n'), [
    { line: 2, row: { address: 'c@x.test', aliases: ['a@x.test', 'b@x.test'] } },
  ])
  assert.deepEqual(parseUsers('\nc@x.test, "C,\n D" \n'), [
    { line: 3, row: { address: 'c@x.test', displayName: 'C,\n D' } },
  ])
})

test('a column that is not there says nothing, an empty one says that there is none', () => {
  const [first, second, third] = parseUsers(
    'address,groups,enabled\na@x.test,Sales; North ;,no\nb@x.test,,\nc@x.test,,maybe\n',
  )
  assert.deepEqual(first, {
    line: 2,
    row: { address: 'a@x.test', groups: ['Sales', 'North'], enabled: false },
  })
  assert.deepEqual(second, { line: 3, row: { address: 'b@x.test', groups: [] } })
  assert.deepEqual(third, { line: 4, address: 'c@x.test', wrong: 'enabled is yes or no, not maybe' })
})
