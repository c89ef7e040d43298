/** What every way to deliver a mail promises, whatever stands at its end. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { MailAddress } from '#kernel/brand.ts'
import type { MailboxPlace } from '#mailbox/access.ts'
import { type Deliverer, NotTaken } from '#mailbox/deliver.ts'
import type { MailServer } from '#mailbox/mailbox.ts'
import { lookAtOne } from '#mailbox/one-look.ts'
import { address } from './imap-server-embedded.ts'

export interface DelivererBackend {
  readonly deliverer: Deliverer
  /** Shows what arrived. */
  readonly server: MailServer
  place(user: MailAddress): MailboxPlace
}

/** Users the backend must have; nobody else. */
export const contractUsers = ['alice@example.test', 'bob@example.test'] as const
const alice = address('alice@example.test')
const bob = address('bob@example.test')
const stranger = address('stranger@example.test')
const sender = 'sender@client.test'

interface Arrived {
  readonly text: string
  readonly flags: readonly string[]
  readonly internalDateMs: number
}

/** One call per backend. `start` answers null where its peer is missing. */
export function delivererContract(
  name: string,
  start: (t: TestContext) => Promise<DelivererBackend | null>,
): void {
  test(`deliverer: ${name}`, async (t) => {
    const backend = await start(t)
    if (!backend) return
    const { deliverer } = backend
    t.after(() => deliverer.close())
    const deliver = (to: MailAddress, text: string) =>
      deliverer.deliver({
        sender,
        recipients: [to],
        smtpUtf8: false,
        raw: Buffer.from(text, 'latin1'),
        nowMs: Date.now(),
      })
    const refused = (work: Promise<unknown>) =>
      assert.rejects(work, (error) => error instanceof NotTaken && error.answer.code === 550)

    await t.test('it can be worked with', () => deliverer.probe())

    await t.test('asking about a recipient puts nothing anywhere', async () => {
      await deliverer.accepts(alice, sender)
      await deliverer.accepts(alice, '')
      assert.deepEqual(await arrived(backend, alice), [])
    })

    await t.test('a recipient nobody knows is refused for good, before and after', async () => {
      await refused(deliverer.accepts(stranger, sender))
      await refused(deliver(stranger, mailText('stranger', 'x\r\n')))
    })

    for (const [what, text] of Object.entries(oddMails))
      await t.test(`a mail arrives byte for byte, unread, now: ${what}`, async () => {
        const before = (await arrived(backend, alice)).length
        assert.equal(await deliver(alice, text), 1)
        const mails = await arrived(backend, alice)
        assert.equal(mails.length, before + 1)
        const last = mails.at(-1)
        assert(last)
        // A mail server puts its trace above what it was given.
        assert(
          last.text.endsWith(text),
          `${last.text.slice(0, 600)}\n--- should end with\n${text.slice(0, 600)}`,
        )
        assert.match(last.text.slice(0, -text.length), /^(?:[\w-]+: [^\r]*\r\n(?:[\t ][^\r]*\r\n)*)*$/)
        assert.deepEqual(last.flags, [])
        assert(Math.abs(last.internalDateMs - Date.now()) < 120_000, String(last.internalDateMs))
      })

    await t.test('many at once arrive once each', async () => {
      const subjects = Array.from({ length: 24 }, (_, i) => `at once ${i}`)
      await Promise.all(subjects.map((subject) => deliver(bob, mailText(subject, 'Hello.\r\n'))))
      const seen = (await arrived(backend, bob)).map(({ text }) => /^Subject: (.*)\r$/m.exec(text)?.[1])
      assert.deepEqual(seen.toSorted(), subjects.toSorted())
    })
  })
}

const mailText = (subject: string, body: string): string =>
  `Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000\r\nFrom: a@client.test\r\nSubject: ${subject}\r\n\r\n${body}`

const oddMails: Readonly<Record<string, string>> = {
  'a few lines': mailText('plain', 'Hello,\r\nyou.\r\n'),
  'dots at the beginning of lines': mailText('dots', '.\r\n..\r\n.a\r\n...\r\na.\r\n.\r\n'),
  'no body': mailText('empty', ''),
  '8-bit': mailText('8-bit \xe9', '\xff\xfe\x80 \xe9\r\n'),
  'trailing blanks and empty lines': mailText('blanks', ' \t \r\n\r\n\r\n   \r\n\r\n'),
  'long lines': mailText('long', `${'x'.repeat(998)}\r\n.${'y'.repeat(997)}\r\n`),
  'a megabyte': mailText(
    'big',
    '.0123456789abcdef0123456789abcdef0123456789abcdef0123456789abc\r\n'.repeat(16_384),
  ),
}

async function arrived({ server, place }: DelivererBackend, user: MailAddress): Promise<Arrived[]> {
  const { login, name } = place(user)
  const connection = await server.connect(login)
  try {
    const { messages, uidValidity } = await lookAtOne(connection, { name, fromUid: 1, limit: 1_000 })
    const mails: Arrived[] = []
    for (const { uid, flags, internalDateMs } of messages) {
      const raw = await connection.fetchRaw(name, { uid, uidValidity }, 8 * 1024 * 1024)
      const own = flags.filter((flag) => flag !== '\\Recent')
      mails.push({ text: Buffer.from(raw ?? []).toString('latin1'), flags: own, internalDateMs })
    }
    return mails
  } finally {
    await connection.close()
  }
}
