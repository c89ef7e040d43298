/** Lines of an exported audit log. */
import { checkChain } from '#audit/chain.ts'
import { decodeExported, exportHead, exportLine } from '#audit/export.ts'
import type { FuzzTarget } from '../engine/target.ts'
import { expect, texts } from './expect.ts'

const auditTarget: FuzzTarget = {
  name: 'audit-export',
  run: (input) => {
    const read = decodeExported(Buffer.from(input).toString('utf8'))
    if (!read.ok) return
    if (read.value.kind === 'head') {
      const again = decodeExported(exportHead(read.value.head))
      expect(again.ok && again.value.kind === 'head', 'what was read can be written and read')
      return
    }
    const again = decodeExported(exportLine(read.value.line))
    expect(again.ok && again.value.kind === 'line', 'what was read can be written and read')
    expect(checkChain().next(read.value.line) !== null, 'no line that was made up fits its hash')
  },
  seeds: () =>
    texts(
      `{"atMs":1,"who":"os:root","role":"owner","from":"socket","what":"users.add","on":"","outcome":"ok","answers":null,"seq":1,"change":"{}","previous":"${'00'.repeat(32)}","hash":"${'1a'.repeat(32)}"}`,
      `{"head":{"seq":3,"hash":"${'00'.repeat(32)}"}}`,
    ),
  dictionary: [
    '"seq":',
    '"head":',
    '"answers":',
    'null',
    '9007199254740993',
    '-1',
    '1e3',
    '\\ud800',
    '__proto__',
  ],
  bytesMax: 8_192,
}

export const targets: readonly FuzzTarget[] = [auditTarget]
