import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { authzidAccess, type MailboxAccess, namespaceAccess } from '#mailbox/access.ts'
import { appendDeliverer } from '#mailbox/deliver-append.ts'
import { lmtpDeliverer } from '#mailbox/deliver-lmtp.ts'
import { storeDeliverer } from '#mailbox/deliver-store.ts'
import { imapMailServer } from '#mailbox/imap-mailbox.ts'
import type { MailServer } from '#mailbox/mailbox.ts'
import { lookAtOne } from '#mailbox/one-look.ts'
import { makePool } from '#mailbox/pool.ts'
import { type Dovecot, startDovecot } from '../support/dovecot.ts'
import { needPeer } from '../support/peers.ts'
import { contractUsers, type DelivererBackend, delivererContract } from './deliverer.ts'
import { address, service, startEmbeddedMail } from './imap-server-embedded.ts'

const accounts = contractUsers.map((address) => ({ address, password: 'a user password' }))
const clock = systemClock
const host = '127.0.0.1'
const times = { stepMs: 20_000, answerMs: 60_000 }
const inbox = 'INBOX'

const backend = (deliverer: DelivererBackend['deliverer'], server: MailServer, access: MailboxAccess) => ({
  deliverer,
  server,
  place: (owner: MailAddress) => access.place({ owner, folder: inbox }),
})

async function withDovecot(t: TestContext): Promise<{ dovecot: Dovecot; server: MailServer } | null> {
  if (!needPeer(t, 'dovecot')) return null
  const dovecot = await startDovecot({ users: accounts })
  t.after(() => dovecot.stop())
  const { user, pass } = dovecot.serviceAccount
  const account = { user, password: pass }
  return { dovecot, server: imapMailServer({ host, port: dovecot.imapPort, tls: 'none' }, account, clock) }
}

delivererContract('embedded store', async (t) => {
  const embedded = await startEmbeddedMail(accounts)
  t.after(() => embedded.stop())
  const account = { user: service.name, password: service.password }
  const server = imapMailServer({ host, port: embedded.imap.port, tls: 'none' }, account, clock)
  return backend(storeDeliverer(embedded.store.mail), server, namespaceAccess('user/{address}'))
})

for (const connectionsMax of [1, 4])
  delivererContract(`Dovecot by LMTP, ${connectionsMax} connections`, async (t) => {
    const site = await withDovecot(t)
    if (!site) return null
    const place = { host, port: site.dovecot.lmtpPort }
    const server = { place, tls: 'none', trust: { serverName: host }, name: 'mx.example.test' } as const
    return backend(lmtpDeliverer({ server, times, connectionsMax, clock }), site.server, authzidAccess())
  })

for (const [how, access] of [
  ['a log-in for each user', authzidAccess()],
  ['a namespace', namespaceAccess('all/{address}')],
] as const)
  delivererContract(`Dovecot by IMAP APPEND, ${how}`, async (t) => {
    const site = await withDovecot(t)
    if (!site) return null
    const { dovecot, server } = site
    // To put mail in is a right of its own.
    await appendFile(join(dovecot.directory, 'etc/acl'), `* user=${dovecot.serviceAccount.user} lrwstie\n`)
    for (const user of contractUsers) await firstLook(server, address(user))
    const pool = makePool({ server, connectionsMax: 4, clock, random: systemRandom })
    return backend(appendDeliverer({ pool, access, clock, stepMs: times.stepMs }), server, access)
  })

/** A mailbox comes into being when its user first looks into it, or by LMTP with the first mail. */
async function firstLook(server: MailServer, owner: MailAddress): Promise<void> {
  const connection = await server.connect({ as: 'user', user: owner })
  await lookAtOne(connection, { name: inbox, fromUid: 1, limit: 1 })
  await connection.close()
}
