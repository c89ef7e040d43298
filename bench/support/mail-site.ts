/** Postfix and Dovecot as a site runs them, with TLS, and a Postkey beside them. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeTestTls } from '../../test/contract/imap-server-tls.ts'
import { besideServers } from '../../test/support/beside.ts'
import { freePorts, loopback } from '../../test/support/ports.ts'
import { type Postfix, startPostfix } from '../../test/support/postfix.ts'
import { type Scope, temporaryDirectory } from '../../test/support/store.ts'
import { type Postkey, startPostkey } from './helper.ts'
import { type MailSite, startMailSite } from './many-mailboxes.ts'

export interface SiteWithPostkey extends MailSite {
  readonly postfix: Postfix
  readonly postkey: Postkey
}

/** What is started is ended with the scope, the last first. */
export function makeScope(): Scope & { end(): Promise<void> } {
  const ends: (() => unknown)[] = []
  return {
    after: ((end: () => unknown) => void ends.unshift(end)) as Scope['after'],
    end: async () => {
      for (const end of ends.splice(0)) await end()
    },
  }
}

/** @param set how Postkey hears of new mail; `push`: by the mail server's hook as well */
export async function startBesideSite(
  scope: Scope,
  mailboxes: number,
  { set, push }: { readonly set: readonly string[]; readonly push: boolean },
): Promise<SiteWithPostkey> {
  const tls = makeTestTls([loopback])
  const hook = push ? await prepareHook(scope) : null
  const site = await startMailSite(mailboxes, { tls, ...(hook ? { push: hook.push } : {}) })
  scope.after(site.stop)
  const { dovecot } = site
  const postfix = await startPostfix({
    domain: dovecot.domain,
    lmtp: { host: dovecot.host, port: dovecot.lmtpPort },
    policy: { host: dovecot.host, port: dovecot.policyPort },
    tls,
  })
  scope.after(postfix.stop)
  const beside = besideServers(scope, tls.ca, dovecot, 'all/{address}', postfix.smtpPort)
  const postkey = await startPostkey('serve', [...beside.set, ...set, ...(hook?.set ?? [])])
  scope.after(postkey.stop)
  return { ...site, postfix, postkey }
}

async function prepareHook(scope: Scope) {
  const tokenFile = join(temporaryDirectory(scope), 'push-token')
  writeFileSync(tokenFile, 'the-bench-hook\n')
  chmodSync(tokenFile, 0o600)
  const [port = 0] = await freePorts(1)
  return {
    push: { url: `http://${loopback}:${port}/hooks/mail`, tokenFile },
    set: ['http.enabled=true', `http.port=${port}`, `agent.push_token_file=${tokenFile}`],
  }
}
