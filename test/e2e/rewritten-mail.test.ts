// What mail programs, lists and gateways do to the relay's mail: the request in it is found all the same.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { extractEtpFiles } from '#agent/extract.ts'
import { toBase64 } from '#kernel/bytes.ts'
import { encodeEtpArmour } from '#protocol/etp-armour.ts'
import { assertActivates } from '../support/e2e-handheld.ts'
import { heldDomain, startSite } from '../support/e2e-site.ts'
import { startPostkey } from '../support/postkey.ts'
import { filePart, forwarded, mailOf, multipart, quotedPrintable, textPart } from '../unit/agent/mails.ts'

const attachment = (encoding: string, body: string, type = 'application/octet-stream'): string =>
  `Content-Type: ${type}\nContent-Transfer-Encoding: ${encoding}\nContent-Disposition: attachment\n\n${body}`

/** Base64 in lines of widths that no rule knows, with blanks in between. */
function oddWidths(file: Uint8Array): string {
  const text = toBase64(file)
  const lines: string[] = []
  for (let at = 0, width = 1; at < text.length; at += width - 1, width = (width * 7) % 61 || 1) {
    lines.push(text.slice(at, at + width))
    width += 1
  }
  return lines.join(' \n')
}

/** Re-flowed as format=flowed does it (RFC 3676): soft line ends after a blank, quoted, space-stuffed. */
const flowed = (text: string): string =>
  text
    .split('\n')
    .map((line) => `> ${line.length > 40 ? `${line.slice(0, 40)} \n> ${line.slice(40)}` : line}`)
    .join('\n')

const quoted = (text: string): string => text.replaceAll(/^/gm, '> ')

const shapes: Readonly<Record<string, (file: Uint8Array) => string>> = {
  'renamed, and called a picture': (file) =>
    multipart(
      textPart('hi'),
      filePart({ type: 'image/png; name=a.png', disposition: 'inline; filename=a.png' }, file),
    ),
  'in quoted-printable': (file) =>
    multipart(textPart('hi'), filePart({ encoding: 'quoted-printable' }, file)),
  'called text, inline, without a name': (file) =>
    multipart(
      textPart('hi'),
      attachment('quoted-printable', quotedPrintable(file), 'text/plain; charset=us-ascii'),
    ),
  'in base64 of odd widths': (file) => multipart(textPart('hi'), attachment('base64', oddWidths(file))),
  'in one line of base64': (file) => multipart(textPart('hi'), attachment('BASE64', toBase64(file))),
  'alone, without another part': (file) => filePart({ disposition: null }, file),
  'in a multipart in a multipart': (file) =>
    multipart(multipart(textPart('hi'), multipart(filePart({}, file)))),
  'in a forward of a forward': (file) => forwarded(multipart(textPart('hi'), filePart({}, file)), 2),
  'as armour alone': (file) => textPart(`Your request\n\n${encodeEtpArmour(file)}\nbye`),
  'as armour in a quotation': (file) => textPart(quoted(quoted(encodeEtpArmour(file)))),
  'as armour that was re-flowed': (file) =>
    `Content-Type: text/plain; charset=utf-8; format=flowed\n\nOn Monday:\n\n${flowed(encodeEtpArmour(file))}`,
  'as armour in quoted-printable': (file) =>
    `Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n${encodeEtpArmour(file)
      .replaceAll('=', '=3D')
      .replaceAll(/(.{50})(?=.)/g, '$1=\n')}`,
  'as armour beside a winmail.dat that holds the file': (file) =>
    multipart(
      textPart(encodeEtpArmour(file)),
      attachment('base64', toBase64(tnef(file)), 'application/ms-tnef'),
    ),
}

/** The file as attAttachData of a TNEF stream ([MS-OXTNEF] section 2.1.3.3.15). */
function tnef(file: Uint8Array): Uint8Array {
  const out = Buffer.alloc(6 + 9 + file.length + 2)
  out.writeUInt32LE(0x223e9f78, 0)
  out.writeUInt8(2, 6)
  out.writeUInt32LE(0x0006800f, 7)
  out.writeUInt32LE(file.length, 11)
  out.set(file, 15)
  out.writeUInt16LE(
    file.reduce((sum, byte) => (sum + byte) & 0xffff, 0),
    15 + file.length,
  )
  return out
}

test('the request is found in whatever mail programs made of it', { timeout: 170_000 }, async (t) => {
  const site = await startSite(t)
  const postkey = await startPostkey(t, { set: site.set })
  site.deliverTo(postkey.ports.smtp)
  let number = 0
  for (const [name, rewrite] of Object.entries(shapes)) {
    await t.test(name, async () => {
      number += 1
      const address = `user${number}@${heldDomain}`
      const password = await postkey.addUser(address)
      const held = site.hold(address)
      const activated = assertActivates(postkey, address, password)
      const original = await held.caught
      const [file] = (await extractEtpFiles(original.raw)).files
      assert(file, 'the relay mailed a request')
      await site.deliver({ to: address, raw: Buffer.from(mailOf(rewrite(file))) })
      await activated
    })
  }
})

test('a file in a winmail.dat alone is not found: TNEF is not read', async () => {
  const file = Buffer.concat([Buffer.from('d9d9f784684d4441502d455450', 'hex'), Buffer.alloc(50)])
  const mail = mailOf(
    multipart(textPart('hi'), attachment('base64', toBase64(tnef(file)), 'application/ms-tnef')),
  )
  assert.deepEqual((await extractEtpFiles(mail)).files, [])
})
