import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ChainBreak, chained, checkChain, emptyHead, headAfter } from '#audit/chain.ts'
import { decodeExported, exportHead, exportLine } from '#audit/export.ts'
import type { AuditEntry, AuditHead, AuditLine } from '#audit/line.ts'
import { fromHex, toHex } from '#kernel/bytes.ts'

const entry = (n: number): AuditEntry => ({
  atMs: 1_000 + n,
  who: 'os:root',
  role: 'owner',
  from: 'socket',
  what: 'users.add',
  on: `user${n}@example.test`,
  change: '{"after":{"aliases":[]}}',
  outcome: 'ok',
  answers: null,
})

function chain(entries: readonly AuditEntry[]): { lines: AuditLine[]; head: AuditHead } {
  let head = emptyHead
  const lines = entries.map((one) => {
    const line = chained(head, one)
    head = headAfter(line)
    return line
  })
  return { lines, head }
}

function check(lines: readonly AuditLine[], head: AuditHead): ChainBreak | null {
  const checking = checkChain()
  for (const line of lines) checking.next(line)
  return checking.end(head)
}

const five = chain([1, 2, 3, 4, 5].map(entry))
const without = (n: number) => five.lines.filter(({ seq }) => seq !== n)

test('a chain that nobody touched is whole, an empty one as well', () => {
  assert.equal(check(five.lines, five.head), null)
  assert.equal(check([], emptyHead), null)
})

test('the hash is that of the bytes another implementation of the form makes', () => {
  assert.equal(
    toHex(chained(emptyHead, { ...entry(0), atMs: 0, on: '', change: '{}', what: 'x' }).hash),
    '7bc484708b9d66e9e3a93a9c1e547839e9f09849a0f2e3af69413d87c1287eea',
  )
})

test('a change of any field of any line is found at that line', () => {
  const other: Record<keyof AuditLine, unknown> = {
    seq: 9,
    atMs: 0,
    who: 'os:eve',
    role: 'auditor',
    from: 'store',
    what: 'users.remove',
    on: '',
    change: '{}',
    outcome: 'user.exists',
    answers: 1,
    previous: fromHex('11'.repeat(32)),
    hash: fromHex('22'.repeat(32)),
  }
  for (const [name, value] of Object.entries(other))
    for (const at of [1, 3, 5]) {
      const lines = five.lines.map((line) => (line.seq === at ? { ...line, [name]: value } : line))
      assert.deepEqual(
        check(lines, five.head),
        { kind: name === 'seq' ? 'missing' : 'changed', seq: at },
        `${name} of ${at}`,
      )
    }
})

test('a line that was taken away is found by its number, the last one by the end that was kept', () => {
  for (const n of [1, 2, 4]) assert.deepEqual(check(without(n), five.head), { kind: 'missing', seq: n })
  assert.deepEqual(check(without(5), five.head), { kind: 'cut_off', seq: 5 })
  assert.deepEqual(check([], five.head), { kind: 'cut_off', seq: 1 })
})

test('lines in another order, and lines put in between, are found', () => {
  const [a, b, c, d, e] = five.lines as [AuditLine, AuditLine, AuditLine, AuditLine, AuditLine]
  assert.deepEqual(check([a, c, b, d, e], five.head), { kind: 'missing', seq: 2 })
  assert.deepEqual(check([a, a, b, c, d, e], five.head), { kind: 'missing', seq: 2 })
  const forged = chained({ seq: 2, hash: fromHex('33'.repeat(32)) }, entry(3))
  assert.deepEqual(check([a, b, forged, d, e], five.head), { kind: 'relinked', seq: 3 })
})

test('a whole chain that was made anew from one line on does not meet the end that was kept', () => {
  const other = chain([1, 2, 30, 4, 5].map(entry))
  assert.deepEqual(check(other.lines, five.head), { kind: 'relinked', seq: 5 })
  assert.deepEqual(check([...five.lines, chained(five.head, entry(6))], five.head), {
    kind: 'beyond',
    seq: 6,
  })
})

const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((one) => one.toWellFormed())
const count = fc.nat({ max: 2 ** 40 })
const anyEntry: fc.Arbitrary<AuditEntry> = fc.record({
  atMs: count,
  who: text,
  role: text,
  from: text,
  what: text,
  on: text,
  change: text,
  outcome: text,
  answers: fc.option(count),
})

test('whatever is written comes back from a file as it was, and is whole', () => {
  fc.assert(
    fc.property(fc.array(anyEntry, { maxLength: 8 }), (entries) => {
      const { lines, head } = chain(entries)
      const back = lines.map((line) => {
        const read = decodeExported(exportLine(line))
        assert(read.ok && read.value.kind === 'line')
        return read.value.line
      })
      assert.deepEqual(back, lines)
      const end = decodeExported(exportHead(head))
      assert(end.ok && end.value.kind === 'head')
      assert.equal(check(back, end.value.head), null)
    }),
  )
})

test('two different entries never have one encoding', () => {
  fc.assert(
    fc.property(anyEntry, anyEntry, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b)
      assert.equal(toHex(chained(emptyHead, a).hash) === toHex(chained(emptyHead, b).hash), same)
    }),
  )
})

test('a line of another form is refused, and nothing makes the decoder throw', () => {
  const good = JSON.parse(exportLine(five.lines[0] as AuditLine)) as Record<string, unknown>
  const bad = [
    '',
    'null',
    '[]',
    '{}',
    'x'.repeat(70_000),
    ...Object.keys(good).map((name) => JSON.stringify({ ...good, [name]: {} })),
    ...Object.keys(good).map((name) => JSON.stringify({ ...good, [name]: undefined })),
    JSON.stringify({ ...good, more: 1 }),
    JSON.stringify({ ...good, seq: 0 }),
    JSON.stringify({ ...good, seq: 1.5 }),
    JSON.stringify({ ...good, hash: 'AB'.repeat(32) }),
    JSON.stringify({ ...good, who: '\ud800' }),
    '{"head":{"seq":1}}',
    '{"head":{"seq":1,"hash":"00"},"more":1}',
  ]
  for (const one of bad) assert.equal(decodeExported(one).ok, false, one.slice(0, 80))
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (one) => void decodeExported(one)))
})
