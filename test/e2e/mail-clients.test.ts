// Ordinary mail programs against the embedded mail server: swaks sends, mbsync, mutt, curl and Python read.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type SmtpIngress, startSmtpIngress } from '#ingress/smtp-server.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { silentLog } from '#kernel/log.ts'
import { storeDeliverer } from '#mailbox/deliver-store.ts'
import {
  canonicalAddress,
  type EmbeddedMail,
  realClock,
  startEmbeddedMail,
} from '../contract/imap-server-embedded.ts'
import { makeTestTls } from '../contract/imap-server-tls.ts'
import { debianPython, needPeer } from '../support/peers.ts'
import { type Finished, run } from '../support/process.ts'

const alice = { address: 'alice@example.test', password: 'wonder"land' }
const pem = makeTestTls()
const attachment = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 31 + (i >> 8)) % 256))

async function good(
  program: string,
  args: readonly string[],
  options: Parameters<typeof run>[2] = {},
): Promise<Finished> {
  const finished = await run(program, args, options)
  assert.equal(finished.code, 0, `${program}: ${finished.stdout}\n${finished.stderr}`)
  return finished
}

suite('mail programs work with the embedded mail server', () => {
  let mail: EmbeddedMail
  let smtp: SmtpIngress
  let directory: string
  const file = (name: string): string => join(directory, name)

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'postkey-clients-'))
    await writeFile(file('ca.pem'), pem.ca)
    mail = await startEmbeddedMail([alice], { tls: { key: pem.key, cert: pem.cert, port: 0 } })
    smtp = await startSmtpIngress({
      deliverer: storeDeliverer(mail.store.mail),
      clock: realClock,
      log: silentLog,
      failpoint: noFailpoint,
      host: '127.0.0.1',
      port: 0,
      name: 'localhost',
      tls: { key: pem.key, cert: pem.cert },
      canonicalAddress,
      servesDomain: (domain) => domain === 'example.test',
      mainDomain: 'example.test',
    })
  })
  after(async () => {
    await smtp?.close()
    await mail?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  const swaks = (...args: readonly string[]) =>
    run('/usr/bin/swaks', [
      ...['--server', '127.0.0.1', '--port', String(smtp.port), '--helo', 'client.test'],
      ...['--from', 'bob@client.test', ...args],
    ])

  const withAttachment = ['--body', 'Hello.', '--attach-type', 'application/octet-stream', '--attach']

  /** A message of its own for one test, with a binary attachment, over STARTTLS with the certificate verified. */
  async function send(subject: string): Promise<void> {
    const content = attachment.toString('base64').replace(/.{76}/g, '$&\r\n')
    const header = [
      'Subject: %s',
      'Content-Type: application/octet-stream; name=a.bin',
      'Content-Transfer-Encoding: base64',
    ]
    const text = `${header.join('\r\n').replace('%s', subject)}\r\n\r\n${content}\r\n`
    await writeFile(file('send.eml'), text)
    await good('/usr/bin/curl', [
      ...[
        `smtp://localhost:${smtp.port}`,
        '--ssl-reqd',
        '--cacert',
        file('ca.pem'),
        '--silent',
        '--show-error',
      ],
      ...['--mail-from', 'bob@client.test', '--mail-rcpt', alice.address, '--upload-file', file('send.eml')],
    ])
  }

  const pythonSession = (commands: string): string => `
import imaplib, ssl, email, sys, hashlib
context = ssl.create_default_context(cafile=sys.argv[1])
box = imaplib.IMAP4_SSL('localhost', int(sys.argv[2]), ssl_context=context)
box.login(sys.argv[3], sys.argv[4])
${commands}
box.logout()
`
  const python = (commands: string, ...args: readonly string[]) =>
    good(debianPython, [
      ...['-c', pythonSession(commands), file('ca.pem'), String(mail.imap.tlsPort)],
      ...[alice.address, alice.password, ...args],
    ])

  test('swaks is told of unknown users and foreign domains', async (t) => {
    if (!needPeer(t, 'swaks')) return
    const unknown = await swaks('--to', 'nobody@example.test')
    assert.notEqual(unknown.code, 0)
    assert.match(unknown.stdout, /550 5\.1\.1/)
    const foreign = await swaks('--to', 'alice@elsewhere.test')
    assert.match(foreign.stdout, /550 5\.7\.1 Relaying denied/)
  })

  test("attachments sent by swaks and by curl come out of Python's imaplib byte for byte", async (t) => {
    if (!needPeer(t, 'swaks', 'curl', 'python3')) return
    await send('for python')
    await writeFile(file('a.bin'), attachment)
    const sent = await swaks(
      '--to',
      alice.address,
      '--header',
      'Subject: of swaks',
      ...withAttachment,
      `@${file('a.bin')}`,
    )
    assert.equal(sent.code, 0, sent.stdout)
    const { stdout } = await python(`
box.select('INBOX')
for subject in ('"for python"', '"of swaks"'):
    number = box.search(None, 'SUBJECT', subject)[1][0].split()[-1]
    raw = box.fetch(number, '(RFC822)')[1][0][1]
    part = [p for p in email.message_from_bytes(raw).walk() if p.get_filename()][0]
    print(part.get_payload(decode=True).hex())
box.append('Drafts', r'(\\Seen)', None, b'Subject: draft\\r\\n\\r\\nx\\r\\n')
box.store(number, '+FLAGS', r'(\\Flagged)')
assert box.copy(number, 'Trash')[0] == 'OK'
`)
    assert.deepEqual(stdout.trim().split('\n'), [attachment.toString('hex'), attachment.toString('hex')])
  })

  test('curl lists, reads and appends over imaps', async (t) => {
    if (!needPeer(t, 'curl')) return
    await send('for curl')
    const curl = async (path: string, ...args: readonly string[]) => {
      const url = `imaps://localhost:${mail.imap.tlsPort}/${path}`
      const login = [
        '--user',
        `${alice.address}:${alice.password}`,
        '--cacert',
        file('ca.pem'),
        '--silent',
        '--show-error',
      ]
      return (await good('/usr/bin/curl', [...login, url, ...args])).stdout
    }
    assert.match(await curl(''), /\* LIST .*INBOX/)
    const found = await curl('INBOX?SUBJECT%20curl')
    const number = /\* SEARCH (\d+)/.exec(found)?.[1]
    assert.match(await curl(`INBOX/;MAILINDEX=${number};SECTION=HEADER`), /Subject: for curl/)
    await writeFile(file('up.eml'), 'Subject: uploaded\r\n\r\nby curl\r\n')
    await curl('Sent', '--upload-file', file('up.eml'))
    assert.match(await curl('Sent;MAILINDEX=1'), /Subject: uploaded\r\n\r\nby curl\r\n/)
  })

  test('mbsync copies every mailbox, and a change on its side comes back', async (t) => {
    if (!needPeer(t, 'curl', 'mbsync', 'python3')) return
    await send('for mbsync')
    await mkdir(file('maildir'))
    await writeFile(
      file('mbsyncrc'),
      `IMAPAccount a
Host localhost
Port ${mail.imap.port}
User ${alice.address}
Pass "${alice.password.replaceAll('"', '\\"')}"
SSLType STARTTLS
CertificateFile ${file('ca.pem')}
SystemCertificates no

IMAPStore far
Account a

MaildirStore near
Path ${file('maildir')}/
Inbox ${file('maildir')}/INBOX
SubFolders Verbatim

Channel c
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
`,
    )
    const sync = () => good('/usr/bin/mbsync', ['-c', file('mbsyncrc'), '-a'], { cwd: directory })
    await sync()
    const names = await readdir(file('maildir/INBOX/new'))
    const texts = await Promise.all(
      names.map((name) => readFile(join(file('maildir/INBOX/new'), name), 'latin1')),
    )
    assert(texts.some((text) => text.includes('Subject: for mbsync')))
    assert((await readdir(file('maildir'))).includes('Junk'))
    await writeFile(file('maildir/Junk/new/1.local'), 'Subject: from the maildir\n\nlocal\n')
    await sync()
    const { stdout } = await python(`
box.select('Junk')
print(box.fetch('1', '(BODY.PEEK[HEADER.FIELDS (SUBJECT)])')[1][0][1].decode())
`)
    assert.match(stdout, /Subject: from the maildir/)
  })

  test('mutt opens the mailbox and saves a message', async (t) => {
    if (!needPeer(t, 'curl', 'mutt')) return
    await send('for mutt')
    await writeFile(
      file('muttrc'),
      `set ssl_starttls=no
set certificate_file=${file('ca.pem')}
set ssl_usesystemcerts=no
set imap_user="${alice.address}"
set imap_pass='${alice.password}'
set folder=imaps://localhost:${mail.imap.tlsPort}/
set spoolfile=+INBOX
set header_cache=
set mbox_type=mbox
set confirmcreate=no confirmappend=no quit=yes move=no delete=no read_inc=0 wait_key=no
push "<search>~s 'for mutt'<enter><copy-message><kill-line>${file('saved')}<enter><quit>"
`,
    )
    const env = { ...process.env, HOME: directory, TERM: 'vt100', LC_ALL: 'C' }
    await good('/usr/bin/script', ['-qec', `/usr/bin/mutt -F ${file('muttrc')}`, '/dev/null'], {
      env,
      input: '',
      timeoutMs: 20_000,
    })
    assert.match(await readFile(file('saved'), 'latin1'), /Subject: for mutt/)
  })
})
