/** Mails made to hurt whoever reads them, each with headers that make the agent read it. */
import { mail, mailOf, multipart, textPart } from '../unit/agent/mails.ts'

/** Looks like activation mail, so that it is fetched and taken apart even where nobody waits for one. */
const lure = [
  'From: stranger@evil.test',
  'To: victim@example.test',
  'Subject: Activation [MDAP 1 00000000]',
  'X-MDAP-Message: 00000000',
  'MIME-Version: 1.0',
].join('\n')

const lured = (body: string): Uint8Array => mail(`${lure}\n${body}`)
const kib = 1_024

function nested(depth: number): string {
  const opening = Array.from(
    { length: depth },
    (_, i) => `Content-Type: multipart/mixed; boundary="b${i}"\n\n--b${i}\n`,
  )
  return `${opening.join('')}\nthe end`
}

const nestedMessages = (depth: number): string =>
  `${'Content-Type: message/rfc822\n\n'.repeat(depth)}Subject: the end\n\ntext`

/** A message of two copies of the message before it: doubles with every level, as far as the size allows. */
function doubling(levels: number): string {
  if (levels === 0) return textPart('leaf')
  const inner = `Content-Type: message/rfc822\n\nSubject: ${levels}\n${doubling(levels - 1)}`
  return multipart(inner, inner)
}

/** Base64 whose content is a mail whose content is base64 of a mail. */
function wrapped(levels: number): string {
  let body = textPart('core')
  for (let level = 0; level < levels; level += 1) {
    const coded =
      Buffer.from(`Subject: in\n${body}`)
        .toString('base64')
        .match(/.{1,76}/g)
        ?.join('\n') ?? ''
    body = `Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n${coded}`
  }
  return body
}

export const hostileMails: Readonly<Record<string, () => Uint8Array>> = {
  'multiparts nested 3,000 deep': () => lured(nested(3_000)),
  'messages nested 3,000 deep': () => lured(nestedMessages(3_000)),
  '10,000 parts': () =>
    lured(`Content-Type: multipart/mixed; boundary=x\n\n${'--x\n\na\n'.repeat(10_000)}--x--`),
  '60,000 boundaries': () => lured(`Content-Type: multipart/mixed; boundary=x\n\n${'--x\n'.repeat(60_000)}`),
  'a header of 100 kB in one line': () => lured(`X-Long: ${'a'.repeat(100 * kib)}\n\ntext`),
  'a header of 100 kB in 20,000 fields': () => lured(`${'X: y\n'.repeat(20_000)}\ntext`),
  'a folded header of 100 kB': () => lured(`X-Long: a\n${' b\n'.repeat(35_000)}\ntext`),
  'a boundary of 60 kB': () =>
    lured(`Content-Type: multipart/mixed; boundary="${'b'.repeat(60 * kib)}"\n\n--b\n\ntext`),
  '8,000 parameters': () => lured(`Content-Type: text/plain; ${'n*1*=a; '.repeat(8_000)}x=y\n\ntext`),
  'unended encoded words and comments': () =>
    lured(
      `X-A: ${'=?utf-8?B?'.repeat(4_000)}\nTo: ${'('.repeat(20_000)}\nCc: ${'<a,'.repeat(10_000)}\n\ntext`,
    ),
  'character sets that are none': () =>
    lured(
      multipart(
        ...['utf-7', 'utf-16', 'iso-2022-jp', 'x-nothing', '\x00\xff', 'a'.repeat(2_000)].map(
          (charset) => `Content-Type: text/plain; charset="${charset}"\n\n\xff\xfe\x00\x1b$B\xed\xa0\x80`,
        ),
      ),
    ),
  'encodings that are broken': () =>
    lured(
      multipart(
        `Content-Transfer-Encoding: base64\n\n${'=*!A'.repeat(20_000)}`,
        `Content-Transfer-Encoding: quoted-printable\n\n${'=G=\n=='.repeat(10_000)}`,
        `Content-Transfer-Encoding: x-uuencode\n\nbegin 644 ETP.DAT\n${'M~~~~\n'.repeat(5_000)}`,
        `Content-Transfer-Encoding: ${'base64 '.repeat(5_000)}\n\nAAAA`,
      ),
    ),
  'fields injected into its subject': () =>
    lured(
      'Subject: =?utf-8?Q?x=0D=0AX-MDAP-Message:_1=0D=0A=0D=0Abody?=\nX-MDAP-Message: 1\x0b\x0c\x00 2\n\ntext',
    ),
  'a message that doubles seven times': () => lured(doubling(7)),
  'base64 in base64, twelve deep': () => lured(wrapped(12)),
  '8,000 armour blocks without an end': () =>
    lured(textPart('-----BEGIN MDAP ETP-----\n> sha256-64: 00\n'.repeat(5_000))),
  '20 MB of text': () => lured(textPart(`${'x'.repeat(998)}\n`.repeat(20 * kib))),
  'no header, and bytes of all kinds': () =>
    mailOf(
      `\n${Array.from({ length: 60_000 }, (_, i) => String.fromCharCode((i * 7) % 256))
        .join('')
        .replace(/[\r\n]/g, '')}`,
    ),
}
