// The other mail servers that sites run: Cyrus for the mailboxes, Exim for the mail.

import type { TestContext } from 'node:test'
import { makeTestTls } from '../contract/imap-server-tls.ts'
import { type Beside, besideServers } from './beside.ts'
import { type Cyrus, startCyrus } from './cyrus.ts'
import { type MailUser, startDovecot } from './dovecot.ts'
import { type Exim, startExim } from './exim.ts'
import { loopback } from './ports.ts'
import { startPostfix } from './postfix.ts'

type Mta = 'postfix' | 'exim'

/** Cyrus, with an MTA that asks it before it accepts a recipient. */
export async function startBesideCyrus(
  t: TestContext,
  users: readonly MailUser[],
  mta: Mta,
): Promise<Beside & { readonly cyrus: Cyrus }> {
  const tls = makeTestTls([loopback])
  const cyrus = await startCyrus({ users, tls })
  t.after(() => cyrus.stop())
  const { domain, lmtpPort } = cyrus
  const lmtp = { host: loopback, port: lmtpPort }
  const server =
    mta === 'exim'
      ? await startExim({ domain, to: { lmtpPort }, tls })
      : await startPostfix({ domain, lmtp, policy: 'next', tls })
  t.after(() => server.stop())
  return { cyrus, ...besideServers(t, tls.ca, cyrus, 'user/{address}', server.smtpPort) }
}

/** Exim before Dovecot. */
export async function startBesideExim(
  t: TestContext,
  users: readonly MailUser[],
): Promise<Beside & { readonly exim: Exim }> {
  const tls = makeTestTls([loopback])
  const dovecot = await startDovecot({ users, tls })
  t.after(() => dovecot.stop())
  const exim = await startExim({ domain: dovecot.domain, to: { lmtpPort: dovecot.lmtpPort }, tls })
  t.after(() => exim.stop())
  return { exim, ...besideServers(t, tls.ca, dovecot, 'all/{address}', exim.smtpPort) }
}
