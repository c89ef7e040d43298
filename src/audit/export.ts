/**
 * The audit log as a file: one JSON object a line, in order, hashes in hex; the last line is `{"head":{"seq","hash"}}`,
 * so that a file that was cut off is noticed. Whoever has the file can check it without the server.
 */
import { fromHex, toHex } from '#kernel/bytes.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'
import type { AuditHead, AuditLine } from './line.ts'

/** Longest line in a file, in UTF-16 units; what is written is far shorter. */
export const exportLineMax = 65_536

export type Exported =
  | { readonly kind: 'line'; readonly line: AuditLine }
  | { readonly kind: 'head'; readonly head: AuditHead }

export const exportLine = ({ previous, hash, change, ...line }: AuditLine): string =>
  JSON.stringify({ ...line, change, previous: toHex(previous), hash: toHex(hash) })

export const exportHead = ({ seq, hash }: AuditHead): string =>
  JSON.stringify({ head: { seq, hash: toHex(hash) } })

const texts = ['who', 'role', 'from', 'what', 'on', 'change', 'outcome'] as const
const names: ReadonlySet<string> = new Set([...texts, 'seq', 'atMs', 'answers', 'previous', 'hash'])

/** One line of such a file, without its line feed. Never throws. */
export function decodeExported(text: string): Decoded<Exported> {
  if (text.length > exportLineMax) return refused('too_big', 'line')
  const value = parsed(text)
  if (!isObject(value)) return refused('wrong_shape', 'line')
  return 'head' in value ? decodeHead(value) : decodeLine(value)
}

function decodeHead(value: Fields): Decoded<Exported> {
  const { head } = value
  if (Object.keys(value).length !== 1 || !isObject(head)) return refused('wrong_shape', 'head')
  const { seq, hash, ...rest } = head
  if (Object.keys(rest).length > 0) return refused('unknown_field', 'head')
  if (!isCount(seq)) return refused('out_of_range', 'head.seq')
  return isHash(hash)
    ? decoded({ kind: 'head', head: { seq, hash: fromHex(hash) } })
    : refused('wrong_shape', 'head.hash')
}

function decodeLine(value: Fields): Decoded<Exported> {
  const stranger = Object.keys(value).find((name) => !names.has(name))
  if (stranger !== undefined) return refused('unknown_field', 'line')
  const { seq, atMs, answers, previous, hash } = value
  if (!isCount(seq) || seq === 0) return refused('out_of_range', 'seq')
  if (!isCount(atMs)) return refused('out_of_range', 'atMs')
  if (answers !== null && !isCount(answers)) return refused('out_of_range', 'answers')
  if (!isHash(previous) || !isHash(hash)) return refused('wrong_shape', 'hash')
  const wrong = texts.find((name) => !isText(value[name]))
  if (wrong) return refused('wrong_shape', wrong)
  const text = (name: (typeof texts)[number]): string => String(value[name])
  return decoded({
    kind: 'line',
    line: {
      seq,
      atMs,
      who: text('who'),
      role: text('role'),
      from: text('from'),
      what: text('what'),
      on: text('on'),
      change: text('change'),
      outcome: text('outcome'),
      answers,
      previous: fromHex(previous),
      hash: fromHex(hash),
    },
  })
}

type Fields = Readonly<Record<string, unknown>>

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed()
