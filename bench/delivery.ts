/**
 * Gateway mode: mails through `bin/postkey smtp` into a real Dovecot, against a client that hands the same mails to the
 * same Dovecot itself: by LMTP over as many connections, and by IMAP APPEND.
 */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Dovecot, startDovecot } from '../test/support/dovecot.ts'
import { missingPeer } from '../test/support/peers.ts'
import { exampleMail } from './ingress.ts'
import { type Postkey, startPostkey, temporaryDirectory } from './support/helper.ts'
import { ImapClient } from './support/imap-client.ts'
import { atLeast, compared, type Part, type PartOptions, type Row } from './support/part.ts'
import { inTurn } from './support/rounds.ts'
import { type Rate, SmtpClient, sendingRate } from './support/smtp-client.ts'

const connectionCounts = { LMTP: [1, 4, 8], APPEND: [1, 4] } as const
const connectionsMax = 8
const users = Array.from({ length: connectionsMax }, (_, i) => `user${i}@example.test`)
const password = 'bench'

export const part: Part = {
  about: 'mail through the gateway into Dovecot, against a client that hands it to Dovecot itself',
  run: async (options) => {
    const missing = missingPeer('dovecot')
    if (missing) {
      options.say(`left out: ${missing}`)
      return []
    }
    const dovecot = await startDovecot({ users: users.map((address) => ({ address, password })) })
    const directory = temporaryDirectory()
    try {
      const site = siteOf(dovecot, directory)
      return [
        ...(await measureWay(options, 'LMTP', site, rawLmtp(dovecot))),
        ...(await measureWay(options, 'APPEND', site, rawAppend(dovecot))),
      ]
    } finally {
      await dovecot.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

type Send = (recipients: readonly string[], text: string, durationMs: number) => Promise<Rate>
type Way = 'LMTP' | 'APPEND'
/** Settings of Postkey for each. */
type Site = Readonly<Record<Way, readonly string[]>>

function siteOf({ imapPort, lmtpPort, serviceAccount, directory }: Dovecot, own: string): Site {
  const passwordFile = join(own, 'imap-password')
  writeFileSync(passwordFile, serviceAccount.pass, { mode: 0o600 })
  // To put mail in is a right of its own.
  appendFileSync(join(directory, 'etc/acl'), `* user=${serviceAccount.user} lrwstie\n`)
  const imap = ['imap.host=127.0.0.1', `imap.port=${imapPort}`, 'imap.tls=none', 'imap.access=authzid']
  const common = [...imap, `imap.user=${serviceAccount.user}`, `imap.password_file=${passwordFile}`]
  const lmtp = ['delivery.host=127.0.0.1', `delivery.port=${lmtpPort}`, 'delivery.tls=none']
  return { LMTP: [...common, 'delivery.to=lmtp', ...lmtp], APPEND: [...common, 'delivery.to=append'] }
}

/** Straight to Dovecot, with PIPELINING. */
const rawLmtp =
  ({ lmtpPort }: Dovecot): Send =>
  (recipients, text, durationMs) =>
    sendingRate(
      recipients,
      durationMs,
      () => SmtpClient.connect(lmtpPort, 'LHLO'),
      (client, recipient) => client.mailAtOnce(recipient, text),
    )

/** Straight to Dovecot, with LITERAL+, each connection logged in as its recipient. */
const rawAppend =
  ({ imapPort }: Dovecot): Send =>
  (recipients, text, durationMs) =>
    sendingRate(
      recipients,
      durationMs,
      async (recipient) => {
        const client = await ImapClient.connect(imapPort)
        await client.ask(`LOGIN ${recipient} "${password}"`)
        return client
      },
      async (client) => void (await client.ask(`APPEND INBOX {${text.length}+}\r\n${text}`)),
    )

/** As many connections to Dovecot as there are senders: the mails of one never overlap. */
async function measureWay(options: PartOptions, way: Way, site: Site, raw: Send): Promise<Row[]> {
  const postkey = await startPostkey('smtp', [...site[way], `delivery.connections=${connectionsMax}`])
  try {
    const rows: Row[] = []
    for (const connections of connectionCounts[way])
      rows.push(await measure(options, way, connections, raw, throughGateway(postkey)))
    return rows
  } finally {
    await postkey.stop()
  }
}

const throughGateway =
  ({ ports }: Postkey): Send =>
  (recipients, text, durationMs) =>
    sendingRate(
      recipients,
      durationMs,
      () => SmtpClient.connect(ports.smtp),
      (client, recipient) => client.mailAtOnce(recipient, text),
    )

async function measure(
  options: PartOptions,
  way: Way,
  connections: number,
  raw: Send,
  through: Send,
): Promise<Row> {
  const rounds = options.quick ? 5 : 9
  const roundMs = options.quick ? 100 : 1_500
  const text = exampleMail()
  const recipients = users.slice(0, connections)
  const name = `${way} through the gateway, ${connections === 1 ? '1 connection' : `${connections} connections`}`
  options.say(name)
  let work = 0
  const figures = await inTurn(options, rounds, {
    raw: async () => (await raw(recipients, text, roundMs)).rate,
    gateway: async () => {
      const { rate, mails } = await through(recipients, text, roundMs)
      work += mails
      return rate
    },
  })
  return compared({
    name,
    unit: 'mails/s',
    values: figures.gateway,
    floors: figures.raw,
    floor: `raw ${way} to the same Dovecot`,
    work,
    target: atLeast(0.7),
  })
}
