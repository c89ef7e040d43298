/** The mail server whose mailboxes are watched: its certificate, our log-in, what it can do and what we may do. */
import { fine, fromFault } from '#admin/check.ts'
import type { Check, Health } from '#admin/views.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import { inbox, type MailboxAccess } from '#mailbox/access.ts'
import { isBusy, type MailboxAbilities, type MailboxRights, type MailServer } from '#mailbox/mailbox.ts'
import { checkEndpoint, type Endpoint } from './endpoint.ts'

export interface WatchedMail {
  readonly endpoint: Endpoint
  readonly server: MailServer
  readonly access: MailboxAccess
  readonly account: string
  /** A user whose rights are looked at; null: there is none. */
  readonly sample: MailAddress | null
  /** Whether read activation mail is to be deleted. */
  readonly deletes: boolean
  /** How news is heard of with these abilities, as a sentence. */
  watched(access: MailboxAccess, abilities: MailboxAbilities): string
}

export async function checkWatchedMail(mail: WatchedMail, nowMs: number): Promise<Check[]> {
  const server = await checkEndpoint(mail.endpoint, nowMs)
  if (server.health === 'broken') return [server]
  const login = await loginCheck(mail)
  if (login.health !== 'ok') return [server, login]
  return [server, login, await rightsCheck(mail)]
}

/** Without a service account's own log-in the sample user's is tried. */
async function loginCheck({
  server,
  access,
  account,
  sample,
  watched,
  deletes,
}: WatchedMail): Promise<Check> {
  const name = `IMAP log-in ${access.hasService ? `as ${account}` : `for ${sample ?? 'users'}`}`
  if (!access.hasService && !sample) return fine(name, 'There is no user whose log-in could be tried.')
  try {
    const asUser = access.hasService ? null : sample
    const connection = await server.connect(asUser ? { as: 'user', user: asUser } : { as: 'service' })
    const { abilities } = connection
    await connection.close()
    const removal = deletes && !abilities.uidExpunge ? ' No UIDPLUS: read mail is only marked deleted.' : ''
    return fine(name, `Works. ${watched(access, abilities)}${removal}`)
  } catch (error) {
    // A busy server has its connections with the agent, which waits and tries again.
    return faultCheck(name, isBusy(faultCodeOf(error)) ? 'attention' : 'broken', error)
  }
}

async function rightsCheck({ server, access, sample, deletes }: WatchedMail): Promise<Check> {
  if (!sample) return fine('rights on mailboxes', 'There is no user whose mailbox could be tried.')
  const name = `rights on the mailbox of ${sample}`
  const place = access.place({ owner: sample, folder: inbox })
  try {
    const connection = await server.connect(place.login)
    try {
      return rightsWords(name, await connection.rights(place.name), deletes)
    } finally {
      await connection.close()
    }
  } catch (error) {
    // On many servers a mailbox comes into being with its first mail.
    return faultCheck(name, faultCodeOf(error) === 'imap.no_mailbox' ? 'attention' : 'broken', error)
  }
}

function rightsWords(name: string, { seen, remove }: MailboxRights, deletes: boolean): Check {
  const may = `May look and read${seen ? ', and mark as seen' : ''}${remove ? ', and delete' : ''}`
  if (!remove && deletes) return fromFault(name, 'attention', 'imap.no_right', null, `${may}; may not delete`)
  return fine(name, `${may}.`)
}

const faultCheck = (name: string, health: Health, error: unknown): Check =>
  fromFault(name, health, faultCodeOf(error), null, error instanceof Fault ? error.detail : String(error))
