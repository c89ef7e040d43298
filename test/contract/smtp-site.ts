// Postkey's own SMTP server with mailboxes behind it, as the contract for senders needs it.

import type { TestContext } from 'node:test'
import { startSmtpIngress } from '#ingress/smtp-server.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { silentLog } from '#kernel/log.ts'
import { storeDeliverer } from '#mailbox/deliver-store.ts'
import type { MailStore } from '#store/mail.ts'
import { address, canonicalAddress, openMailStore, realClock } from './imap-server-embedded.ts'
import { makeTestTls } from './imap-server-tls.ts'

export const domain = 'example.test'

export interface SmtpSite {
  readonly port: number
  /** Signs its certificate, which is for `localhost`. */
  readonly ca: string
  /** So many deliveries from now on fail: the store cannot, and 451 is answered. */
  failNext(times: number): void
  /** How often delivery was tried. */
  tries(): number
  /** A user's messages in the order they came. */
  inbox(user: string): Promise<readonly Buffer[]>
}

export async function startSmtpSite(t: TestContext, users: readonly string[]): Promise<SmtpSite> {
  const opened = await openMailStore()
  t.after(() => opened.stop())
  const { mail } = opened.store
  for (const user of users) await mail.createAccount(address(user), [], Date.now())
  const tls = makeTestTls()
  const gate = failing(mail)
  const smtp = await startSmtpIngress({
    deliverer: storeDeliverer(gate.mail),
    clock: realClock,
    log: silentLog,
    failpoint: noFailpoint,
    host: '127.0.0.1',
    port: 0,
    name: `next.${domain}`,
    tls,
    canonicalAddress,
    servesDomain: (asked) => asked === domain,
    mainDomain: domain,
  })
  t.after(() => smtp.close())
  const { failNext, tries } = gate
  return { port: smtp.port, ca: tls.ca, failNext, tries, inbox: (user) => readInbox(mail, user) }
}

/** The store, whose deliveries fail as often as they are told to. */
function failing(mail: MailStore) {
  let [failures, tried] = [0, 0]
  const deliver: MailStore['deliver'] = async (delivery) => {
    tried += 1
    failures -= 1
    if (failures >= 0) throw new Error('the disk is full')
    return mail.deliver(delivery)
  }
  const get = (target: MailStore, name: string | symbol): unknown =>
    name === 'deliver' ? deliver : Reflect.get(target, name)
  return {
    mail: new Proxy(mail, { get }),
    failNext: (times: number) => {
      failures = times
    },
    tries: () => tried,
  }
}

async function readInbox(mail: MailStore, user: string): Promise<Buffer[]> {
  const account = await mail.findAccount(address(user))
  const row = account && (await mail.findMailbox(account.id, 'INBOX'))
  const opened = row && (await mail.openMailbox(row.id))
  const rows = await mail.findMessages(row?.id ?? 0, opened?.uids ?? [])
  const bodies = await Promise.all(rows.map(({ bodyId, size }) => mail.readBody(bodyId, 0, size)))
  return bodies.map((bytes) => Buffer.from(bytes ?? []))
}
