import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BadCommand } from '#imap-server/command-arguments.ts'
import { formatInternalDate, parseInternalDate } from '#imap-server/imap-date.ts'
import { parentsOf } from '#imap-server/list-mailboxes.ts'
import { makeMatcher } from '#imap-server/list-pattern.ts'
import { decodeMutf7, encodeMutf7 } from '#imap-server/mutf7.ts'
import { partialSlices, slicesLength } from '#imap-server/sections.ts'
import { formatSequenceSet, namedBy, resolveSequenceSet, resolveUidSet } from '#imap-server/sequence-set.ts'

test('patterns match as RFC 3501 says', () => {
  const cases: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
    ['*', 'a/b', true],
    ['%', 'a/b', false],
    ['%/%', 'a/b', true],
    ['a*', 'a/b/c', true],
    ['a%', 'abc', true],
    ['a%', 'a/b', false],
    ['*b', 'a/b', true],
    ['%b', 'a/b', false],
    ['a*c', 'a/b/c', true],
    ['a%c', 'abbc', true],
    ['inbox', 'INBOX', true],
    ['InBoX/*', 'INBOX/x', true],
    ['a', 'ab', false],
    ['', '', true],
    ['*%*', 'a/b', true],
  ]
  for (const [pattern, name, expected] of cases)
    assert.equal(makeMatcher(pattern)(name), expected, `${pattern} on ${name}`)
})

test('a pattern made to be slow is not', () => {
  const matches = makeMatcher(`${'*a'.repeat(300)}b`)
  const startMs = performance.now()
  assert.equal(matches('a'.repeat(500)), false)
  assert(performance.now() - startMs < 500)
})

test('the parents of ten thousand deep names are found in one pass', () => {
  const paths = Array.from({ length: 10_000 }, (_, i) => `a/b${i % 100}/c${i}`)
  const startMs = performance.now()
  assert.equal(parentsOf(paths).size, 101)
  assert(performance.now() - startMs < 200)
})

test('mailbox names survive modified UTF-7, and other spellings are refused', () => {
  assert.equal(encodeMutf7('Entwürfe & mehr'), 'Entw&APw-rfe &- mehr')
  assert.equal(decodeMutf7('&Jjo-!'), '☺!')
  for (const bad of ['&', 'a&b', '&AA-', '&AGE-', 'ü', '&2D0-']) assert.equal(decodeMutf7(bad), null, bad)
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (name) => {
      assert.equal(decodeMutf7(encodeMutf7(name)), name)
    }),
  )
})

test('UID sets and sequence sets name messages', () => {
  const uids = [2, 4, 6, 9]
  assert.deepEqual(resolveUidSet('1:5,9', uids), [2, 4, 9])
  assert.deepEqual(resolveUidSet('20:*', uids), [9])
  assert.deepEqual(resolveUidSet('6:2,2,4', uids), [2, 4, 6])
  assert.deepEqual(resolveUidSet('1:*', []), [])
  assert.deepEqual(resolveSequenceSet('2,*', uids), [4, 9])
  assert.deepEqual(resolveSequenceSet('1:*', []), [])
  assert.throws(() => resolveSequenceSet('5', uids), BadCommand)
  for (const bad of ['0', '1:0', '', ',', '1::2', '99999999999'])
    assert.throws(() => resolveUidSet(bad, uids), BadCommand)
})

test('a set of many ranges over a large mailbox is resolved in one pass', () => {
  const uids = Array.from({ length: 100_000 }, (_, i) => i + 1)
  const set = Array.from({ length: 10_000 }, (_, i) => `${i + 1}:*`).join(',')
  const startMs = performance.now()
  assert.equal(resolveUidSet(set, uids).length, uids.length)
  assert(performance.now() - startMs < 500)
})

test('numbers are written as ranges and read back', () => {
  assert.equal(formatSequenceSet([1, 2, 3, 7, 9, 10]), '1:3,7,9:10')
  assert.equal(formatSequenceSet([3, 2, 1]), '3,2,1')
})

test('a partial is cut out of all slices taken as one', () => {
  const slices = [
    [0, 10],
    [20, 25],
    [30, 40],
  ] as const
  fc.assert(
    fc.property(fc.nat(40), fc.integer({ min: 1, max: 40 }), (first, count) => {
      const bytes = slices.flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i))
      const cut = partialSlices(slices, first, count)
      assert.deepEqual(
        cut.flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i)),
        bytes.slice(first, first + count),
      )
      assert(slicesLength(cut) <= count)
    }),
  )
})

test('dates are read with their zone and written in UTC', () => {
  const ms = parseInternalDate(' 7-Jul-1996 02:44:25 -0700')
  assert.equal(ms, Date.UTC(1996, 6, 7, 9, 44, 25))
  assert.equal(formatInternalDate(ms ?? 0), ' 7-Jul-1996 09:44:25 +0000')
  for (const bad of ['31-Feb-2020 00:00:00 +0000', '1-Jul-1996', '01-Jul-1996 25:00:00 +0000', ''])
    assert.equal(parseInternalDate(bad), null, bad)
})

test('whether a set names a message is known without listing what it names', () => {
  const uids = fc.uniqueArray(fc.integer({ min: 1, max: 60 })).map((list) => list.sort((a, b) => a - b))
  const number = fc.oneof(fc.integer({ min: 1, max: 70 }).map(String), fc.constant('*'))
  const range = fc.oneof(
    number,
    fc.tuple(number, number).map(([a, b]) => `${a}:${b}`),
  )
  const set = fc.array(range, { minLength: 1, maxLength: 5 }).map((list) => list.join(','))
  const outcome = (find: () => unknown): unknown => {
    try {
      return find()
    } catch (error) {
      return String(error)
    }
  }
  fc.assert(
    fc.property(uids, set, (all, text) => {
      for (const [by, list] of [
        ['uid', resolveUidSet],
        ['sequence', resolveSequenceSet],
      ] as const)
        assert.deepEqual(
          outcome(() => all.filter(namedBy(text, by, all))),
          outcome(() => list(text, all)),
        )
    }),
  )
})
