import { startCyrus } from '../support/cyrus.ts'
import { startDovecot } from '../support/dovecot.ts'
import { imapLines } from '../support/imap-lines.ts'
import { missingPeer } from '../support/peers.ts'
import { imapNamespaceContract } from './imap-namespace.ts'
import { service, startEmbeddedMail } from './imap-server-embedded.ts'
import { makeTestTls } from './imap-server-tls.ts'
import { deliverByLmtp } from './lmtp.ts'

const others = ['anna@example.test', 'bob@example.test'] as const
const owner = { name: 'owner@example.test', password: 'a user password' }
const users = [owner.name, ...others].map((address) => ({ address, password: owner.password }))

imapNamespaceContract('the embedded server', async () => {
  const { imap, deliver, stop } = await startEmbeddedMail(users)
  const names = { owner, others, service, prefix: 'user/' }
  return { ...names, port: imap.port, deliver: async (to, raw) => void (await deliver(to, raw)), stop }
})

imapNamespaceContract(
  'Dovecot',
  async () => {
    const { imapPort, lmtpPort, serviceAccount, stop } = await startDovecot({ users })
    // A mailbox comes into being with the first log-in.
    for (const { address, password } of users)
      await imapLines(imapPort, [`LOGIN ${address} "${password}"`, 'EXAMINE INBOX'])
    return {
      ...{ owner, others, prefix: 'all/', port: imapPort, stop },
      service: { name: serviceAccount.user, password: serviceAccount.pass },
      deliver: (to, raw) => deliverByLmtp(lmtpPort, to, raw),
    }
  },
  { skip: missingPeer('dovecot') },
)

imapNamespaceContract(
  'Cyrus',
  async () => {
    const tls = makeTestTls(['127.0.0.1'])
    const { imapsPort, lmtpPort, serviceAccount, stop } = await startCyrus({ users, tls })
    return {
      ...{ owner, others, prefix: 'user/', port: imapsPort, ca: tls.ca, stop },
      service: { name: serviceAccount.user, password: serviceAccount.pass },
      deliver: (to, raw) => deliverByLmtp(lmtpPort, to, raw),
    }
  },
  { skip: missingPeer('cyrus') },
)
