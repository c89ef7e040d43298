import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeDataPhase } from '#ingress/data-phase.ts'

/** Feeds `text` cut at `cuts`; returns the content and what follows the end, or null for a refusal. */
function read(
  text: string,
  cuts: readonly number[] = [],
): { content: string; rest: string; ended: boolean } | null {
  const feed = makeDataPhase()
  const bytes = Buffer.from(text, 'latin1')
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  )
  let content = ''
  for (const [index, start] of places.entries()) {
    const step = feed(bytes.subarray(start, places[index + 1] ?? bytes.length))
    if (step.kind === 'bare_line_end') return null
    content += step.content.toString('latin1')
    if (step.kind === 'end') {
      const later = bytes.subarray(places[index + 1] ?? bytes.length).toString('latin1')
      return { content, rest: step.rest.toString('latin1') + later, ended: true }
    }
  }
  return { content, rest: '', ended: false }
}

test('the text ends at a line of one dot, and what follows is left alone', () => {
  assert.deepEqual(read('a\r\nb\r\n.\r\nQUIT\r\n'), { content: 'a\r\nb\r\n', rest: 'QUIT\r\n', ended: true })
  assert.deepEqual(read('.\r\nX'), { content: '', rest: 'X', ended: true })
})

test('a leading dot is taken away, also a single one before other text', () => {
  assert.equal(read('..\r\n...\r\n.x\r\n.\r\n')?.content, '.\r\n..\r\nx\r\n')
})

for (const [name, text] of [
  ['a bare LF', 'a\nb\r\n.\r\n'],
  ['a bare CR', 'a\rb\r\n.\r\n'],
  ['LF . LF', 'a\n.\nMAIL'],
  ['LF . CRLF', 'a\n.\r\nMAIL'],
  ['CRLF . LF', 'a\r\n.\nMAIL'],
  ['CRLF . CR', 'a\r\n.\rMAIL'],
  ['CR . CR', 'a\r.\rMAIL'],
  ['CR CRLF . CRLF', 'a\r\r\n.\r\nMAIL'],
  ['CRLF . CR CRLF', 'a\r\n.\r\r\nMAIL'],
  ['an LF at once', '\n.\r\n'],
  ['CR LF LF', 'a\r\n\n.\r\n'],
] as const) {
  test(`${name} is refused, wherever the chunks are cut`, () => {
    for (let cut = 0; cut <= text.length; cut += 1) assert.equal(read(text, [cut]), null, `cut at ${cut}`)
    assert.equal(
      read(
        text,
        Array.from(text, (_, i) => i),
      ),
      null,
    )
  })
}

test('stuffed text comes out as it was, however it is cut into chunks', () => {
  const line = fc.string({ unit: fc.constantFrom('.', 'a', ' ', '\0', 'ÿ'), maxLength: 5 })
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 20 }),
      fc.array(fc.nat(200), { maxLength: 10 }),
      (lines, cuts) => {
        const text = lines.map((one) => `${one}\r\n`).join('')
        const stuffed = lines.map((one) => `${one.startsWith('.') ? '.' : ''}${one}\r\n`).join('')
        assert.deepEqual(read(`${stuffed}.\r\nNEXT`, cuts), { content: text, rest: 'NEXT', ended: true })
      },
    ),
    { numRuns: 1_000 },
  )
})
