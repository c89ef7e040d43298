/** Text of messages as a person would search it: encoded words, transfer encodings and charsets undone. */
import type { MessagePart } from '#store/mail.ts'

/** A part longer than this is searched in its beginning only. */
const textBytesMax = 4 * 1024 * 1024

/** Case does not count in IMAP's searches. */
export const folded = (text: string): string => text.toLowerCase()

/** Encoded words of a header (RFC 2047); raw 8-bit is read as UTF-8 where it is that. */
export function decodeHeader(latin: string): string {
  return utf8OrLatin1(latin)
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?([\w-]{1,40})(?:\*[\w-]*)?\?([bq])\?([^?\s]*)\?=/gi, (_all, charset, how, text) => {
      const bytes =
        how.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : quotedPrintable(text.replaceAll('_', ' '))
      return decodeCharset(bytes, charset)
    })
}

function utf8OrLatin1(latin: string): string {
  const text = Buffer.from(latin, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? latin : text
}

/** The slices of text that BODY searches: every text part, wherever it is nested. */
export function* textParts(part: MessagePart): Generator<MessagePart> {
  if (part.message) yield* textParts(part.message)
  else if (part.parts) for (const child of part.parts) yield* textParts(child)
  else if (part.type.startsWith('text/')) yield part
}

export async function decodedText(
  part: MessagePart,
  read: (start: number, length: number) => Promise<Uint8Array | null>,
): Promise<string> {
  const bytes = await read(part.body, Math.min(part.end - part.body, textBytesMax))
  if (!bytes) return ''
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return decodeCharset(undoEncoding(raw, part.encoding), part.charset ?? 'utf-8')
}

function undoEncoding(raw: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'base64') return Buffer.from(raw.toString('latin1'), 'base64')
  if (encoding !== 'quoted-printable') return raw
  return quotedPrintable(raw.toString('latin1').replace(/=[ \t]{0,100}\r?\n/g, ''))
}

const quotedPrintable = (text: string): Buffer =>
  Buffer.from(
    text.replace(/=([0-9a-f]{2})/gi, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )

function decodeCharset(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    // A charset nobody knows: at least its ASCII is found.
    return Buffer.from(bytes).toString('latin1')
  }
}
