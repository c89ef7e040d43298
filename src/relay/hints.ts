/** "Look at this mailbox now": from the relay to the connected servers of the mail's domain. */
import type { ActivationId, MailAddress, SrpId } from '#kernel/brand.ts'
import type { RelayStore } from '#store/relay.ts'
import type { RelayEnv } from './hub.ts'
import type { Session, Sessions } from './sessions.ts'

/** Lost hints are nobody's loss: what cannot be looked up or sent is left out. */
export async function sendHints(
  { store, log }: Pick<RelayEnv, 'store' | 'log'>,
  sessions: Pick<Sessions, 'all'>,
  { txn, address }: { readonly txn: ActivationId; readonly address: MailAddress },
): Promise<void> {
  const domain = address.slice(address.lastIndexOf('@') + 1)
  try {
    const listed = await store.listServersOfDomain(domain)
    for (const session of sessions.all())
      if (concerns(session, domain, listed)) session.send({ type: 'hint', txn, address })
  } catch (error) {
    log.warn({ activation: txn, error: String(error) }, 'a hint could not be sent')
  }
}

/** A domain nobody is listed for is open to any server, but only one that says it serves it hears of its mails. */
function concerns(session: Session, domain: string, listed: readonly SrpId[]): boolean {
  if (session.role !== 'server') return false
  return listed.length === 0 ? session.domains.has(domain) : listed.some((srpId) => srpId === session.name)
}

/** Of the domains a server says it serves, those it may: listed for it, or for nobody. */
export async function allowedDomains(
  store: RelayStore,
  srpId: SrpId,
  domains: readonly string[],
): Promise<string[]> {
  const allowed: string[] = []
  for (const domain of new Set(domains)) {
    const listed = await store.listServersOfDomain(domain)
    if (listed.length === 0 || listed.includes(srpId)) allowed.push(domain)
  }
  return allowed
}
