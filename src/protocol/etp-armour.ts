/** The armour block: ETP.DAT as text in the mail, for gateways and lists that take attachments away. */
import { sha256 } from '#crypto/hash.ts'
import { fromBase64, toBase64, toHex } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'

const beginLine = '-----BEGIN MDAP ETP-----'
const endLine = '-----END MDAP ETP-----'
const columns = 64
const digestBytes = 8
/** Base64 of the largest file in the shortest lines a gateway might make of it, and the digest line. */
const blockLinesMax = 2_000
/** A mail quotes earlier attempts at most a few times; what comes after is not looked at. */
const blocksMax = 8

/** The block with LF line ends, ready to stand in a text part. */
export function encodeEtpArmour(file: Uint8Array): string {
  const lines = toBase64(file).match(new RegExp(`.{1,${columns}}`, 'g')) ?? []
  return [beginLine, `sha256-64: ${digestOf(file)}`, '', ...lines, endLine, ''].join('\n')
}

/**
 * Every intact block in `text`, in order, as file bytes. Quote marks, CR and surrounding text do not matter;
 * a block whose digest line does not fit is passed over.
 */
export function findEtpArmour(text: string): readonly Uint8Array[] {
  const files: Uint8Array[] = []
  for (const block of blocksOf(text)) {
    const file = decodeBlock(block)
    if (file.ok) files.push(file.value)
  }
  return files
}

/** The first intact block, or why there is none (`bad_armour`, `too_big`). */
export function decodeEtpArmour(text: string): Decoded<Uint8Array> {
  let fault: Decoded<Uint8Array> = refused('bad_armour', 'no block')
  for (const block of blocksOf(text)) {
    const file = decodeBlock(block)
    if (file.ok) return file
    fault = file
  }
  return fault
}

/** The lines between each begin and end line, without quote marks and outer blanks. */
function blocksOf(text: string): readonly (readonly string[])[] {
  const blocks: (readonly string[])[] = []
  let block: string[] | null = null
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = withoutQuoteMarks(raw)
    if (line === beginLine) block = []
    else if (block !== null && line === endLine) {
      blocks.push(block)
      if (blocks.length === blocksMax) return blocks
      block = null
    } else if (block !== null && block.length < blockLinesMax && line !== '') block.push(line)
  }
  return blocks
}

function withoutQuoteMarks(line: string): string {
  let start = 0
  while (start < line.length && '>| \t\u00a0'.includes(line.charAt(start))) start += 1
  return line.slice(start).trimEnd()
}

function decodeBlock(lines: readonly string[]): Decoded<Uint8Array> {
  const digest = /^sha256-64:[ \t]*([0-9a-fA-F]{16})$/.exec(lines[0] ?? '')?.[1]
  if (digest === undefined) return refused('bad_armour', 'digest line')
  const base64 = lines.slice(1).join('').replace(/[ \t]/g, '')
  if (base64.length > Math.ceil(limits.etpFileBytesMax / 3) * 4) return refused('too_big', 'armour')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return refused('bad_armour', 'base64')
  const file = fromBase64(base64)
  return digestOf(file) === digest.toLowerCase() ? decoded(file) : refused('bad_armour', 'digest')
}

const digestOf = (file: Uint8Array): string => toHex(sha256(file).subarray(0, digestBytes))
