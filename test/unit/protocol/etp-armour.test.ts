import { deepEqual, equal, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeEtpArmour, encodeEtpArmour, findEtpArmour } from '#protocol/etp-armour.ts'

const file = Uint8Array.from({ length: 400 }, (_, i) => (i * 7) & 0xff)
const block = encodeEtpArmour(file)
const lines = block.trimEnd().split('\n')

const manglings: Readonly<Record<string, string>> = {
  'nothing done to it': block,
  'CRLF line ends': block.replaceAll('\n', '\r\n'),
  'CR line ends': block.replaceAll('\n', '\r'),
  'words before and after': `Dear user,\n\n${block}\nKind regards\n`,
  'one quote mark': lines.map((line) => `> ${line}`).join('\n'),
  'quote marks without blanks': lines.map((line) => `>>${line}`).join('\n'),
  'bars as quote marks': lines.map((line) => `| ${line}`).join('\n'),
  'no-break spaces before the lines': lines.map((line) => `\u00a0${line}`).join('\n'),
  'blanks after the lines': lines.map((line) => `${line}  `).join('\n'),
  'a blank line after each': lines.join('\n\n'),
  'no blank line at all': lines.filter((line) => line !== '').join('\n'),
  'the base64 in one line': [...lines.slice(0, 3), lines.slice(3, -1).join(''), lines.at(-1)].join('\n'),
  'the base64 with blanks inside': lines
    .map((line, i) => (i > 2 && i < lines.length - 1 ? `${line.slice(0, 9)} ${line.slice(9)}` : line))
    .join('\n'),
  'the digest in upper case': block.replace(/: .*/, (digest) => digest.toUpperCase()),
  'a broken block before it': `${lines.slice(0, 4).join('\n')}\n${block}`,
}

describe('the armour block', () => {
  for (const [name, text] of Object.entries(manglings))
    it(`is read with ${name}`, () => deepEqual(decodeEtpArmour(text), { ok: true, value: file }))

  it('holds lines of at most 64 columns and ASCII alone', () => {
    ok(lines.every((line) => line.length <= 64 && /^[\x20-\x7e]*$/.test(line)))
  })

  it('carries any file', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), (bytes) => {
        deepEqual(decodeEtpArmour(encodeEtpArmour(bytes)), { ok: true, value: bytes })
      }),
    )
  })

  it('gives every intact block of a text, as when a mail quotes an earlier attempt', () => {
    const other = Uint8Array.of(1, 2, 3)
    const broken = block.replace('sha256-64: ', 'sha256-64: 0')
    deepEqual(findEtpArmour(block + broken + encodeEtpArmour(other)), [file, other])
    deepEqual(findEtpArmour('no block here'), [])
  })

  it('stops looking after eight blocks', () => {
    equal(findEtpArmour(block.repeat(20)).length, 8)
  })

  it('is not taken from a text that changed one letter of it', () => {
    const changed = block.replace(
      lines[3] ?? '',
      (line) => `${line.startsWith('A') ? 'B' : 'A'}${line.slice(1)}`,
    )
    deepEqual(decodeEtpArmour(changed), { ok: false, fault: { code: 'bad_armour', at: 'digest' } })
  })

  it('takes time in proportion to a text made to be slow', () => {
    for (const text of [
      '>'.repeat(250_000),
      `${lines[0]}\n`.repeat(10_000),
      `${lines[0]}\n${'A\n'.repeat(120_000)}`,
    ])
      equal(decodeEtpArmour(text).ok, false)
  })
})
