// Proves that the real mail servers offer TLS with a certificate of the test's own, verified by their clients.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import nodemailer from 'nodemailer'
import { type Dovecot, startDovecot } from '../support/dovecot.ts'
import type { PeerTls } from '../support/peer-config.ts'
import { missingPeer } from '../support/peers.ts'
import { type Postfix, startPostfix } from '../support/postfix.ts'
import { run } from '../support/process.ts'

const alice = { address: 'alice@example.test', password: 'secret' }

suite('The mail servers speak verified TLS', { skip: missingPeer('dovecot', 'postfix', 'openssl') }, () => {
  let tls: PeerTls
  let dovecot: Dovecot
  let postfix: Postfix

  before(async () => {
    tls = await selfSigned('localhost')
    dovecot = await startDovecot({ users: [alice], tls })
    const lmtp = { host: dovecot.host, port: dovecot.lmtpPort }
    postfix = await startPostfix({ domain: dovecot.domain, lmtp, tls })
  })
  after(async () => {
    await postfix?.stop()
    await dovecot?.stop()
  })

  const client = (port: number, secure: boolean, ca: readonly string[]): ImapFlow =>
    new ImapFlow({
      host: dovecot.host,
      port,
      secure,
      ...(secure ? {} : { doSTARTTLS: true }),
      auth: { user: alice.address, pass: alice.password },
      tls: { ca: [...ca], servername: 'localhost' },
      logger: false,
    })

  test('IMAP offers STARTTLS and implicit TLS', async () => {
    for (const [port, secure] of [
      [dovecot.imapPort, false],
      [dovecot.imapsPort ?? 0, true],
    ] as const) {
      const imap = client(port, secure, [tls.cert])
      await imap.connect()
      assert.equal(imap.secureConnection, true)
      await imap.logout()
    }
  })

  test('a client that does not know the certificate refuses it', async () => {
    const imap = client(dovecot.imapsPort ?? 0, true, [])
    imap.on('error', () => undefined)
    await assert.rejects(imap.connect(), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })

  test('Postfix takes mail over STARTTLS', async () => {
    const transport = nodemailer.createTransport({
      host: postfix.host,
      port: postfix.smtpPort,
      requireTLS: true,
      tls: { ca: tls.cert, servername: 'localhost' },
    })
    const sent = await transport.sendMail({
      from: 'relay@example.test',
      to: alice.address,
      subject: 'x',
      text: 'x',
    })
    assert.deepEqual(sent.accepted, [alice.address])
  })
})

/** A certificate that is its own authority: whoever gets it as `ca` trusts it. */
async function selfSigned(name: string): Promise<PeerTls> {
  const directory = await mkdtemp(join(tmpdir(), 'postkey-certificate-'))
  try {
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const { code, stderr } = await run('/usr/bin/openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', cert],
    ])
    assert.equal(code, 0, stderr)
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
  } finally {
    await rm(directory, { recursive: true })
  }
}
