import { startDovecot } from '../support/dovecot.ts'
import { missingPeer } from '../support/peers.ts'
import { imapServerContract } from './imap-server.ts'
import { service, startEmbeddedMail } from './imap-server-embedded.ts'

const alice = { address: 'alice@example.test', password: 'wonder "land"' }
const bob = { address: 'bob@example.test', password: 'builder' }

const user = { name: alice.address, password: alice.password }
const other = { name: bob.address, password: bob.password }

imapServerContract('the embedded server', async () => {
  const mail = await startEmbeddedMail([alice, bob], { limits: { loginDelayMs: 0 } })
  return { port: mail.imap.port, user, other, service, stop: mail.stop }
})

imapServerContract(
  'Dovecot',
  async () => {
    const dovecot = await startDovecot({ users: [alice, bob], domain: 'example.test' })
    const { user: name, pass: password } = dovecot.serviceAccount
    return { port: dovecot.imapPort, user, other, service: { name, password }, stop: dovecot.stop }
  },
  { skip: missingPeer('dovecot') },
)
