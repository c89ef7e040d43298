// Mails around one ETP.DAT, in the shapes that mail programs and gateways give them.

import { readFileSync } from 'node:fs'
import { toBase64 } from '#kernel/bytes.ts'
import { encodeEtpArmour } from '#protocol/etp-armour.ts'
import { cases } from '../../vectors/mdap1.ts'

export const exampleMail = new Uint8Array(
  readFileSync(new URL('../../vectors/example-mail.eml', import.meta.url)),
)

/** The file in the example mail. */
export const etpFile: Uint8Array = cases[0]?.output.hex('etpFile') ?? new Uint8Array()
export const armour = encodeEtpArmour(etpFile)

const latin1 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

/** Lines joined as they go over the wire. Characters stand for bytes. */
export const mail = (...lines: readonly string[]): Uint8Array =>
  latin1(`${lines.join('\n').replace(/\r?\n/g, '\r\n')}\r\n`)

export const base64Lines = (bytes: Uint8Array): string =>
  toBase64(bytes)
    .match(/.{1,76}/g)
    ?.join('\n') ?? ''

/** Quoted-printable with every byte written out (RFC 2045 section 6.7). */
export const quotedPrintable = (bytes: Uint8Array): string =>
  [...bytes]
    .map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')
    .match(/(?:=..){1,25}/g)
    ?.join('=\n') ?? ''

export interface PartLook {
  readonly type?: string
  readonly disposition?: string | null
  readonly encoding?: 'base64' | 'quoted-printable'
}

/** A part that holds the file. */
export function filePart(look: PartLook = {}, file = etpFile): string {
  const { type = 'application/octet-stream; name="ETP.DAT"', encoding = 'base64' } = look
  const { disposition = 'attachment; filename="ETP.DAT"' } = look
  return [
    `Content-Type: ${type}`,
    `Content-Transfer-Encoding: ${encoding}`,
    ...(disposition === null ? [] : [`Content-Disposition: ${disposition}`]),
    '',
    encoding === 'base64' ? base64Lines(file) : quotedPrintable(file),
  ].join('\n')
}

export const textPart = (text: string): string => `Content-Type: text/plain; charset=utf-8\n\n${text}`

const boundaries = (function* () {
  for (let number = 1; ; number += 1) yield `part-${number}`
})()

export function multipart(...parts: readonly string[]): string {
  const boundary = boundaries.next().value
  const marked = parts.map((part) => `--${boundary}\n${part}\n`)
  return `Content-Type: multipart/mixed; boundary="${boundary}"\n\n${marked.join('')}--${boundary}--`
}

const headers = 'From: a@example.test\nTo: b@example.test\nSubject: Fwd: something\nMIME-Version: 1.0'

export const mailOf = (body: string): Uint8Array => mail(`${headers}\n${body}`)

/** `body` as a message in a forward, `times` over. */
export function forwarded(body: string, times = 1): string {
  if (times === 0) return body
  const message = `Content-Type: message/rfc822\nContent-Disposition: attachment\n\n${headers}\n${body}`
  return forwarded(multipart(textPart('See below.'), message), times - 1)
}
