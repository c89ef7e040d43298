import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { describeMessage } from '#imap-server/describe-message.ts'
import { latin1 } from '#imap-server/imap-string.ts'
import { makeLineCounter } from '#imap-server/line-counter.ts'
import type { MessagePart } from '#store/mail.ts'

const describe = (...lines: readonly string[]) => describeMessage(Buffer.from(lines.join('\r\n'), 'latin1'))

test('addresses of every shape stand in ENVELOPE', () => {
  const { envelope } = describe(
    'From: "Last, First" <first@example.test> (at home)',
    'Sender: robot@example.test (The Robot)',
    'To: Friends: a@example.test, "B" <b@example.test>;, c@example.test',
    'Cc: <@relay.test:d@example.test>, Undisclosed:;',
    'In-Reply-To: <1@x>',
    'Message-ID: <2@x>',
    '',
    '',
  )
  const told = latin1(envelope)
  assert(told.includes('(("Last, First" NIL "first" "example.test"))'), told)
  assert(told.includes('(("The Robot" NIL "robot" "example.test"))'), told)
  const group =
    '((NIL NIL "Friends" NIL)(NIL NIL "a" "example.test")("B" NIL "b" "example.test")(NIL NIL NIL NIL)'
  assert(told.includes(`${group}(NIL NIL "c" "example.test"))`), told)
  assert(told.includes('(NIL "@relay.test" "d" "example.test")'), told)
  assert(told.endsWith('"<1@x>" "<2@x>")'), told)
})

test('a missing sender and reply-to are the author', () => {
  const told = latin1(describe('From: a@example.test', '', '').envelope)
  assert.equal(told.split('((NIL NIL "a" "example.test"))').length - 1, 3)
})

test('text that cannot be quoted goes as a literal of its length', () => {
  const told = latin1(describe('Subject: \xfcber "x"', '', '').envelope)
  assert(told.includes('{8}\r\n\xfcber "x"'), told)
})

test('BODYSTRUCTURE shows disposition, language and location of a part', () => {
  const { bodyStructure } = describe(
    'Content-Type: image/png; name="a b.png"',
    'Content-ID: <id@x>',
    'Content-Description: a picture',
    'Content-Transfer-Encoding: BASE64',
    'Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==',
    'Content-Disposition: attachment; filename="a b.png"; size=3',
    'Content-Language: en, de',
    'Content-Location: http://x.test/',
    '',
    'AAAA',
  )
  assert.equal(
    latin1(bodyStructure),
    '("image" "png" ("name" "a b.png") "<id@x>" "a picture" "BASE64" 4 "Q2hlY2sgSW50ZWdyaXR5IQ==" ' +
      '("attachment" ("filename" "a b.png" "size" "3")) ("en" "de") "http://x.test/")',
  )
})

test('an ETP message is known by its header field, or by its attachment where the field was lost', () => {
  const attachment = [
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: application/octet-stream; name="etp.dat"',
    '',
    'x',
    '--b--',
  ]
  assert.equal(describe('X-MDAP-Message: etp; v=1', '', '').etp, true)
  assert.equal(describe(...attachment).etp, true)
  assert.equal(describe('Subject: etp', '', 'ETP.DAT').etp, false)
})

test('lines are counted alike in small and large ranges', () => {
  const raw = Buffer.from('ab\ncde\n'.repeat(5_000))
  const count = makeLineCounter(raw)
  const naive = (start: number, end: number) => raw.subarray(start, end).filter((byte) => byte === 10).length
  fc.assert(
    fc.property(fc.nat(raw.length), fc.nat(raw.length), (a, b) => {
      assert.equal(count(Math.min(a, b), Math.max(a, b)), naive(Math.min(a, b), Math.max(a, b)))
    }),
  )
})

test('a thousand nested and a hundred thousand flat parts are described quickly and bounded', () => {
  const deep = Array.from(
    { length: 1_000 },
    (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}\r\n`,
  ).join('')
  const flat = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(100_000)}`
  const depthOf = (part: MessagePart): number => 1 + Math.max(0, ...(part.parts ?? []).map(depthOf))
  const startMs = performance.now()
  assert.equal(depthOf(describeMessage(Buffer.from(deep)).root), 21)
  assert.equal(describeMessage(Buffer.from(flat)).root.parts?.length, 999)
  const message = `${'Content-Type: message/rfc822\r\n\r\n'.repeat(10_000)}x`
  assert(describeMessage(Buffer.from(message)).bodyStructure.length > 0)
  assert(performance.now() - startMs < 2_000)
})

test('hostile headers cost no more than their length', () => {
  const startMs = performance.now()
  for (const evil of [
    `To: ${'<'.repeat(200_000)}`,
    `To: ${'a@b,'.repeat(100_000)}`,
    `To: ${'('.repeat(200_000)}`,
    `Content-Type: ${'a/b;'.repeat(50_000)}`,
    `Content-Type: text/plain; x="${'\\'.repeat(100_000)}`,
    'To: x\r\n'.repeat(100_000),
    `Subject: ${' \r\n '.repeat(60_000)}x`,
  ])
    assert(describeMessage(Buffer.from(`${evil}\r\n\r\nbody`)).envelope.length > 0)
  assert(performance.now() - startMs < 3_000, `${performance.now() - startMs} ms`)
})

test('any bytes are some message, and every part lies inside it', () => {
  const piece = fc.constantFrom(
    'Content-Type: ',
    'multipart/mixed; boundary=',
    'b',
    '--b',
    '--b--',
    '\r\n',
    '\n',
    '\r\n\r\n',
    ' ',
    'message/rfc822',
    ':',
    '"',
    '(',
    '\0',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 60 }), (pieces) => {
      const raw = Buffer.from(pieces.join(''))
      const check = (part: MessagePart): void => {
        assert(
          0 <= part.header && part.header <= part.body && part.body <= part.end && part.end <= raw.length,
        )
        for (const child of part.parts ?? []) check(child)
        if (part.message) check(part.message)
      }
      check(describeMessage(raw).root)
    }),
    { numRuns: 500 },
  )
})
