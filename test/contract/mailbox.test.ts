import { systemClock } from '#edge/system.ts'
import { type ImapServerAddress, imapMailServer } from '#mailbox/imap-mailbox.ts'
import type { MailLogin } from '#mailbox/mailbox.ts'
import { makeMemoryMailServer } from '#mailbox/memory-mailbox.ts'
import { startCyrus } from '../support/cyrus.ts'
import { startDovecot } from '../support/dovecot.ts'
import { needPeer } from '../support/peers.ts'
import { address, service, startEmbeddedMail } from './imap-server-embedded.ts'
import { makeTestTls } from './imap-server-tls.ts'
import { deliverByLmtp } from './lmtp.ts'
import { mailboxContract } from './mailbox.ts'

const users = ['alice@example.test', 'bob@example.test'] as const
const password = 'a user password'
const accounts = users.map((user) => ({ address: user, password }))
const loginAs = (user: string): MailLogin => ({ as: 'user', user: address(user) })
const plain = (port: number): ImapServerAddress => ({ host: '127.0.0.1', port, tls: 'none' })

mailboxContract('memory', async () => {
  const server = makeMemoryMailServer(systemClock)
  for (const user of users) server.create(`${user}/INBOX`)
  return {
    server,
    users,
    pattern: '%/INBOX',
    name: (user) => `${user}/INBOX`,
    loginAs,
    deliver: async (user, raw) => server.deliver(`${user}/INBOX`, raw),
    deletesAnything: true,
  }
})

mailboxContract('embedded server', async (t) => {
  const embedded = await startEmbeddedMail(accounts)
  t.after(() => embedded.stop())
  const account = { user: service.name, password: service.password }
  return {
    server: imapMailServer(plain(embedded.imap.port), account, systemClock),
    users,
    pattern: 'user/%',
    name: (user) => `user/${user}`,
    loginAs,
    deliver: async (user, raw) => void (await embedded.deliver(user, raw)),
    deletesAnything: false,
  }
})

mailboxContract('Dovecot', async (t) => {
  if (!needPeer(t, 'dovecot')) return null
  const dovecot = await startDovecot({ users: accounts })
  t.after(() => dovecot.stop())
  const { user, pass } = dovecot.serviceAccount
  return {
    server: imapMailServer(plain(dovecot.imapPort), { user, password: pass }, systemClock),
    users,
    pattern: 'all/%',
    name: (of) => `all/${of}`,
    loginAs,
    deliver: (to, raw) => deliverByLmtp(dovecot.lmtpPort, to, raw),
    deletesAnything: true,
  }
})

mailboxContract('Cyrus', async (t) => {
  if (!needPeer(t, 'cyrus')) return null
  const tls = makeTestTls(['127.0.0.1'])
  const cyrus = await startCyrus({ users: accounts, tls })
  t.after(() => cyrus.stop())
  const { user, pass } = cyrus.serviceAccount
  const address = { host: cyrus.host, port: cyrus.imapsPort, tls: 'implicit', ca: tls.ca } as const
  return {
    server: imapMailServer(address, { user, password: pass }, systemClock),
    users,
    pattern: 'user/%',
    name: (of) => `user/${of}`,
    loginAs,
    deliver: (to, raw) => deliverByLmtp(cyrus.lmtpPort, to, raw),
    deletesAnything: true,
  }
})
