/** Which mailboxes are watched, through which server, and how closely. */
import { climb, counterLooks, type Rung, titles } from '#agent/watch/choose.ts'
import type { WatchingOptions, WatchingParts } from '#agent/watching.ts'
import type { Config } from '#config/schema.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { type MailboxAccess, namespaceAccess } from '#mailbox/access.ts'
import type { MailboxAbilities } from '#mailbox/mailbox.ts'
import { canonicalEmail } from '#protocol/canonical.ts'
import type { Base } from './base.ts'
import { mailAccess, mailCredentials } from './mail-login.ts'
import { serviceAccountPassword } from './secrets.ts'
import { caIn, dialHost, trustIn } from './tls.ts'

/** The embedded server's namespace of all inboxes. */
const embeddedMailbox = 'user/{address}'

export function watchingOptions({ config }: Pick<Base, 'config'>): WatchingOptions {
  const { agent, imap } = config
  return {
    connectionsMax: agent.connections,
    scanIntervalMs: agent.scan_interval_seconds * 1000,
    relayHint: agent.relay_hint,
    pushHook: agent.push_token_file !== '',
    strategy: imap.strategy,
    canary: watchCanary(config),
    idleConnectionsMax: agent.idle ? agent.idle_connections : 0,
    pollMs: agent.poll_seconds * 1000,
    junk: imap.junk === '' ? null : imap.junk,
    removeAccepted: agent.etp_mail === 'delete',
  }
}

/** Where a site has a mail server of its own and keeps a mailbox for canaries, the ways of watching are proved there. */
function watchCanary({ doctor, imap }: Config): MailAddress | null {
  const canonical = canonicalEmail(doctor.canary)
  return imap.host !== '' && canonical.ok ? canonical.value : null
}

/** The ladder as it would be climbed with these abilities, where no agent runs that has climbed it. */
export function ladderFor(
  config: Config,
  access: MailboxAccess,
  abilities: MailboxAbilities,
  mailboxes: number,
): readonly Rung[] {
  const { strategy, relayHint, pushHook, idleConnectionsMax } = watchingOptions({ config })
  return climb({
    strategy,
    isNamespace: access.listPattern !== null,
    abilities,
    mailboxes,
    relayHint,
    pushHook,
    idleConnectionsMax,
    proofs: new Map(),
  })
}

interface Ways {
  readonly looks: readonly Rung[]
  /** What tells first, where anything does. */
  readonly first: readonly Rung[]
}

function waysOf(rungs: readonly Rung[]): Ways {
  const used = rungs.filter(({ use }) => use === 'used')
  const isLook = ({ strategy }: Rung) => counterLooks.some((look) => look === strategy)
  return {
    looks: used.filter(isLook),
    first: used.filter((rung) => !isLook(rung) && rung.strategy !== 'interval'),
  }
}

const scanWords = ({ agent }: Config): string => `a scan each ${agent.scan_interval_seconds} s`
const titlesOf = (rungs: readonly Rung[]): string => rungs.map(({ strategy }) => titles[strategy]).join(', ')

/** The same in one line: whoever wants to know why not better asks the doctor. */
export function watchLine(config: Config, rungs: readonly Rung[]): string {
  const { looks, first } = waysOf(rungs)
  const look = titlesOf(looks) || scanWords(config)
  return first.length > 0 ? `By ${titlesOf(first)}; and by ${look}.` : `By ${look}.`
}

/** How new mail is heard of, and why not better, in sentences for administrators. */
export function watchWords(config: Config, rungs: readonly Rung[]): string {
  const { looks, first } = waysOf(rungs)
  const why = looks.map(({ strategy, says }) => `${titles[strategy]} (${says.replace(/\.$/, '')})`)
  const better = rungs.filter(({ use }) => use !== 'used' && use !== 'spare')
  return [
    `Mailboxes are watched by ${why.join(' and ') || scanWords(config)}.`,
    ...(first.length > 0 ? [`News comes first by ${titlesOf(first)}.`] : []),
    ...better.map(({ strategy, says }) => `Not by ${titles[strategy]}: ${says}`),
  ].join(' ')
}

export type WatchedServer = Pick<WatchingParts, 'server' | 'access'>

/** @param imapPort where the embedded IMAP server of this process listens, or null where it runs apart */
export async function watchedServer(base: Base, imapPort: number | null): Promise<WatchedServer> {
  const { config, clock, edge } = base
  const { imap } = config
  if (!imap.host) {
    const address = {
      host: dialHost(config.imap_server.host),
      port: imapPort ?? config.imap_server.port,
      tls: 'starttls',
      serverName: config.smtp.hostname,
      ...trustIn(base, config.imap_server, imap.ca_file),
    } as const
    const account = { user: imap.user, password: await serviceAccountPassword(base) }
    return { server: edge.mailServer(address, account, clock), access: namespaceAccess(embeddedMailbox) }
  }
  const address = {
    host: imap.host,
    port: imap.port,
    tls: imap.tls,
    ...caIn(imap.ca_file),
  }
  return { server: edge.mailServer(address, mailCredentials(base), clock), access: mailAccess(imap) }
}
