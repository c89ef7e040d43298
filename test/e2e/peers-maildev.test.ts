// Proves that the test mail server maildev hands every message on, byte for byte in what matters: the attachment.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import nodemailer from 'nodemailer'
import { SMTPServer } from 'smtp-server'
import { startMaildev } from '../support/maildev.ts'

interface Received {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: Buffer
}

test('maildev forwards a message with its envelope and attachment to the SMTP server it was given', async (t) => {
  const received = Promise.withResolvers<Received>()
  const sink = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData: (stream, session, done) => {
      const { mailFrom, rcptTo } = session.envelope
      const from = mailFrom === false ? '' : mailFrom.address
      const to = rcptTo.map((recipient) => recipient.address)
      buffer(stream)
        .then((raw) => received.resolve({ from, to, raw }))
        .then(() => done(), received.reject)
    },
  })
  const listening = sink.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  t.after(() => new Promise<void>((resolve) => sink.close(() => resolve())))
  const { port } = listening.address() as AddressInfo
  const maildev = await startMaildev({ relayTo: { host: '127.0.0.1', port } })
  t.after(() => maildev.stop())

  const content = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
  await nodemailer.createTransport({ host: maildev.host, port: maildev.smtpPort }).sendMail({
    envelope: { from: 'relay@example.test', to: 'alice@example.test' },
    from: 'Relay <relay@example.test>',
    to: 'someone-else@example.test',
    subject: 'through maildev',
    attachments: [{ filename: 'ETP.DAT', content }],
  })

  const message = await received.promise
  assert.equal(message.from, 'relay@example.test')
  assert.deepEqual(message.to, ['alice@example.test'])
  const text = message.raw.toString('latin1')
  assert.match(text, /^Subject: through maildev\r$/m)
  assert.ok(text.replaceAll('\r\n', '').includes(content.toString('base64')))
})
