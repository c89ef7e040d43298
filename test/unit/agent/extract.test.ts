import assert from 'node:assert/strict'
import { test } from 'node:test'
import { extractEtpFiles } from '#agent/extract.ts'
import { concat } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'
import { etpMagic } from '#protocol/etp.ts'
import {
  armour,
  etpFile,
  exampleMail,
  filePart,
  forwarded,
  mail,
  mailOf,
  multipart,
  textPart,
} from './mails.ts'

async function findsTheFile(raw: Uint8Array): Promise<void> {
  const { files, stoppedAt } = await extractEtpFiles(raw)
  assert.equal(stoppedAt, null)
  assert.deepEqual(files.map(Buffer.from), [Buffer.from(etpFile)])
}

const quoted = (text: string): string =>
  text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')

const shapes: Readonly<Record<string, Uint8Array>> = {
  'the mail as the relay makes it, once although it holds two copies': exampleMail,
  'an attachment with another name and type': mailOf(
    multipart(
      textPart('hello'),
      filePart({ type: 'image/png; name="a.png"', disposition: 'attachment; filename="a.png"' }),
    ),
  ),
  'an attachment without a name': mailOf(
    multipart(filePart({ type: 'application/x-unknown', disposition: null })),
  ),
  'a file in quoted-printable': mailOf(
    multipart(textPart('hello'), filePart({ encoding: 'quoted-printable' })),
  ),
  'a file declared as text': mailOf(
    multipart(textPart('hello'), filePart({ type: 'text/plain; charset=iso-8859-15', disposition: null })),
  ),
  'a file declared as HTML': mailOf(multipart(filePart({ type: 'text/html', disposition: 'inline' }))),
  'a file that is inline': mailOf(multipart(textPart('hello'), filePart({ disposition: 'inline' }))),
  'a mail that is nothing but the file': mailOf(filePart({ disposition: null })),
  'a file in a multipart within a multipart': mailOf(multipart(multipart(textPart('hello'), filePart()))),
  'a forward as an attachment': mailOf(forwarded(multipart(textPart('hello'), filePart()))),
  'a forward of a forward': mailOf(forwarded(multipart(textPart('hello'), filePart()), 2)),
  'the armour when the attachment was taken away': mailOf(multipart(textPart(`hello\n\n${armour}\nbye`))),
  'the armour in a mail without MIME': mail('From: a@example.test', 'Subject: x', '', armour),
  'the armour in a quotation of a quotation': mailOf(textPart(quoted(quoted(`On Monday:\n\n${armour}`)))),
  'the armour in a text that is an attachment': mailOf(
    multipart(`Content-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\n${armour}`),
  ),
}

for (const [name, raw] of Object.entries(shapes)) test(`finds ${name}`, () => findsTheFile(raw))

test('finds the armour beside an attachment that a gateway has damaged', async () => {
  const damaged = etpFile.with(-1, (etpFile.at(-1) ?? 0) ^ 1)
  const { files } = await extractEtpFiles(mailOf(multipart(textPart(armour), filePart({}, damaged))))
  assert.deepEqual(files.map(Buffer.from), [damaged, etpFile].map(Buffer.from).toReversed())
})

test('finds nothing in ordinary mail, and does not open HTML', async () => {
  const html = `Content-Type: text/html\n\n<pre>\n${armour}</pre>`
  const raw = mailOf(multipart(textPart('-----BEGIN MDAP ETP-----\nno, it is not'), html))
  assert.deepEqual(await extractEtpFiles(raw), { files: [], stoppedAt: null })
})

test('passes over a file larger than any ETP.DAT', async () => {
  const file = concat(etpMagic, new Uint8Array(limits.etpFileBytesMax))
  assert.deepEqual((await extractEtpFiles(mailOf(multipart(filePart({}, file))))).files, [])
})

test('does not read a mail larger than any activation mail', async () => {
  const raw = mailOf(multipart(textPart('x'.repeat(limits.etpMailBytesMax)), filePart()))
  assert.deepEqual(await extractEtpFiles(raw), { files: [], stoppedAt: 'size' })
})

test('does not look into a forward that is nested too deep, but beside it', async () => {
  const deep = forwarded(multipart(textPart('hello'), filePart()), limits.mimeDepthMax)
  assert.deepEqual(await extractEtpFiles(mailOf(deep)), { files: [], stoppedAt: 'depth' })
  const { files, stoppedAt } = await extractEtpFiles(mailOf(multipart(deep, forwarded(filePart()))))
  assert.equal(stoppedAt, 'depth')
  assert.equal(files.length, 1)
})

test('does not read a mail of very many parts to its end', async () => {
  const parts = Array.from({ length: limits.mimePartsMax }, () => textPart(''))
  const { stoppedAt } = await extractEtpFiles(mailOf(multipart(filePart(), ...parts)))
  assert.notEqual(stoppedAt, null)
})

test('counts the parts of forwards within forwards together', async () => {
  const many = forwarded(multipart(...Array.from({ length: 120 }, () => textPart('a'))))
  const { stoppedAt } = await extractEtpFiles(mailOf(multipart(...Array.from({ length: 2 }, () => many))))
  assert.equal(stoppedAt, 'parts')
})

test('reads a mail that is cut off or broken without an error', async () => {
  for (let length = 0; length < exampleMail.length; length += 97) {
    const { files } = await extractEtpFiles(exampleMail.slice(0, length))
    for (const file of files) assert(file.length <= etpFile.length)
  }
})

test('flooder: hostile structures are read in little time', async () => {
  const bombs = [
    mailOf(`Content-Type: multipart/mixed; boundary=x\n\n${'--x\n'.repeat(60_000)}`),
    mailOf(`Content-Type: text/plain; name="${'a'.repeat(60_000)}"\n\nhello`),
    mailOf(textPart('> '.repeat(120_000))),
    mailOf(textPart('-----BEGIN MDAP ETP-----\n'.repeat(9_000))),
    mailOf(`Content-Type: text/plain\nX: ${'=?utf-8?B?'.repeat(6_000)}\n\nhello`),
  ]
  const startedMs = performance.now()
  for (const bomb of bombs) await extractEtpFiles(bomb)
  assert(performance.now() - startedMs < limits.mimeTimeMs)
})
