/** The two mails of a password: what stands in which, in two forms, and what cannot get into them. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inflateSync } from 'node:zlib'
import fc from 'fast-check'
import decodeQr from 'qr/decode.js'
import { composeLetter, type Letter, type Letterhead } from '#invitation/compose.ts'
import { escapeHtml, fill, oneLine } from '#invitation/fill.ts'
import { qrModules, qrPng } from '#invitation/qr.ts'
import { readTemplate, templateMistakes } from '#invitation/templates.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { temporaryDirectory } from '../../support/store.ts'

const letterhead: Letterhead = {
  from: { name: 'Example IT', address: 'it@example.test' },
  replyTo: 'helpdesk@example.test',
  organisation: 'Example & Sons',
  helpdesk: '+44 20 7946 0000\nMon–Fri',
  timeZone: 'Europe/Berlin',
  templatesDir: '',
}
const secret = 'k7mq-2x9p-wr4t'
const letter: Letter = {
  part: 'password',
  to: 'manager@example.test' as MailAddress,
  language: 'en',
  messageId: 'ab'.repeat(16),
  displayName: 'Alice <Liddell>',
  address: 'alice@example.test' as MailAddress,
  password: secret,
  expiresAtMs: Date.parse('2026-12-02T07:00:00Z'),
  notBeforeMs: Date.parse('2026-12-01T07:00:00Z'),
}
const instructions: Letter = { ...letter, part: 'instructions', password: '' }
const compose = (one: Letter, head = letterhead) => composeLetter(head, one, 0)

for (const language of ['en', 'de'])
  test(`the password stands in its own mail alone, the steps in the other (${language})`, () => {
    const told = compose({ ...instructions, language })
    const mail = compose({ ...letter, language })
    for (const form of ['text', 'html'] as const) {
      assert(!String(told[form]).includes(secret), form)
      assert(String(told[form]).includes('Activation Complete'), form)
      assert(String(mail[form]).includes(secret), form)
      for (const one of [told, mail]) {
        assert.match(String(one[form]), /2026/)
        assert.doesNotMatch(String(one[form]), /\{\{|undefined|null/)
      }
    }
    assert.deepEqual(told.attachments, [])
    assert.equal(mail.attachments?.[0]?.cid, 'code.qr')
    assert.match(String(mail.html), /src="cid:code\.qr"/)
    for (const { html } of [told, mail]) assert.doesNotMatch(String(html), /https?:|url\(|<script|<link/i)
  })

test('sender, answers and recipient are as configured, and a copy of the mail is known by its id', () => {
  const mail = compose(letter)
  assert.deepEqual(mail.envelope, { from: 'it@example.test', to: ['manager@example.test'] })
  assert.equal(mail.messageId, `<${letter.messageId}@example.test>`)
  assert.equal(mail.replyTo, 'helpdesk@example.test')
  assert.deepEqual(compose(letter).text, mail.text)
})

test('times are told in the words of the language, with their zone', () => {
  assert.match(String(compose(letter).text), /begins to work on Tuesday, December 1, 2026 at 08:00 AM GMT\+1/)
  assert.match(
    String(compose({ ...letter, language: 'de' }).text),
    /Dienstag, 1\. Dezember 2026 um 08:00 MEZ/,
  )
})

test('a line whose placeholder has no value is left out', () => {
  const mail = compose({ ...letter, notBeforeMs: null }, { ...letterhead, helpdesk: '' })
  for (const form of [mail.text, mail.html]) assert.doesNotMatch(String(form), /begins to work|Questions/)
})

test('values are text: they bring no markup and no header', () => {
  const html = String(compose(letter).html)
  assert(html.includes('Alice &lt;Liddell&gt;') && !html.includes('<Liddell>'))
  assert(html.includes('+44 20 7946 0000<br>Mon–Fri'))
  const nasty = compose(
    { ...letter, displayName: 'A\r\nBcc: eve@example.test' },
    { ...letterhead, from: { name: 'IT\r\nBcc: eve@example.test', address: 'it@example.test' } },
  )
  assert.equal((nasty.from as { name: string }).name, 'IT Bcc: eve@example.test')
  assert.doesNotMatch(String(nasty.subject), /\n/)
})

test('whatever a value holds, it adds no line to a header, no tag to a page, and is not filled in again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      assert.doesNotMatch(fill('{{x}}', 'header', { x: value }), /[\r\n\u2028\u2029\0]/)
      assert.doesNotMatch(escapeHtml(value).replaceAll('<br>', ''), /[<>"']/)
      assert.equal(oneLine(oneLine(value)), oneLine(value))
    }),
  )
  assert.equal(fill('{{x}}', 'text', { x: '{{y}}', y: 'no' }), '{{y}}')
})

test('the QR code of the mail is read as what it holds', () => {
  const text = 'postkey:activate?address=alice%40example.test&password=k7mq-2x9p-wr4t'
  const png = qrPng(text)
  const side = png.readUInt32BE(16)
  assert.equal(side, qrModules(text).length * 6)
  const start = png.indexOf('IDAT') + 4
  const lines = inflateSync(png.subarray(start, start + png.readUInt32BE(start - 8)))
  const lineBytes = 1 + Math.ceil(side / 8)
  const grey = (x: number, y: number) =>
    ((lines[y * lineBytes + 1 + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1 ? 255 : 0
  const data = new Uint8Array(side * side * 4)
  for (let i = 0; i < side * side; i += 1) data.fill(grey(i % side, Math.floor(i / side)), i * 4, i * 4 + 4)
  assert.equal(decodeQr({ width: side, height: side, data }), text)
})

test('templates of an own directory take the place of built-in ones, file by file', (t) => {
  const directory = temporaryDirectory(t)
  mkdirSync(join(directory, 'en'))
  writeFileSync(join(directory, 'en', 'password.txt'), 'Subject: For {{address}}\r\n\r\n{{password}}\r\n')
  const template = readTemplate(directory, 'en', 'password')
  assert.deepEqual([template.subject, template.text], ['For {{address}}', '{{password}}\n'])
  assert.match(template.html, /<html lang="en">/)
  assert.deepEqual(templateMistakes(directory, 'de'), [])
})

test('a template with an unknown placeholder, without a subject or with the password in the wrong mail is refused', (t) => {
  const directory = temporaryDirectory(t)
  const write = (name: string, text: string) => writeFileSync(join(directory, 'fr', name), text)
  mkdirSync(join(directory, 'fr'))
  write('instructions.txt', 'Subject: x\n\n{{password}}\n')
  write('instructions.html', '{{steps}}')
  write('password.txt', 'no subject\n')
  write('password.html', '{{ pasword }}')
  const mistakes = templateMistakes(directory, 'en')
  assert.equal(mistakes.length, 4, mistakes.join('\n'))
  assert(mistakes.includes('{{password}} has no place in fr/instructions.txt'))
  assert(mistakes.includes('{{pasword}} has no place in fr/password.html'))
  assert(mistakes.includes('there is no fr/steps.txt'))
  assert.deepEqual(templateMistakes('', 'xx').length, 5)
  assert.deepEqual(templateMistakes(join(directory, 'none'), 'en'), [
    `${join(directory, 'none')} cannot be read`,
  ])
  for (const language of ['../en', 'EN', '', 'en-12'])
    assert.throws(() => readTemplate('', language, 'password'), Fault)
})
