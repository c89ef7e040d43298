/** IMAP strings (RFC 3501 section 4.3). Text is held as latin1: one character is one byte on the wire. */

/** A quoted string where the text allows it, a literal otherwise. */
export function imapString(text: string): string {
  if (text.length > 1_000 || /[^\x20-\x7e]/.test(text)) return `{${text.length}}\r\n${text}`
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

export const imapStringOrNil = (text: string | null | undefined): string =>
  text === null || text === undefined ? 'NIL' : imapString(text)

/** A mailbox name as an atom where that is possible, as most clients expect to see it. */
export const mailboxString = (name: string): string =>
  /^[A-Za-z0-9!#$&'+,./:;<=>?@[^_`|}~-]+$/.test(name) ? name : imapString(name)

export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

export const fromLatin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
