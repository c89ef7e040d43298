/** Mailbox names: from the wire to a row of the store, for users and for service accounts. */
import type { MailboxRow } from '#store/mail.ts'
import { decodeMutf7, encodeMutf7 } from './mutf7.ts'
import { Refused, type Session } from './session.ts'

export const servicePrefix = 'user/'

const nameCharsMax = 500
const depthMax = 20

export interface FoundMailbox {
  readonly row: MailboxRow
  readonly owner: boolean
}

/** A user's own name for a mailbox, in its one spelling: INBOX in capitals, no trailing separator. */
export function mailboxPath(wireName: string): string {
  const name = decodeMutf7(wireName)
  if (name === null) throw new Refused('[CANNOT] The mailbox name is not valid modified UTF-7')
  return /^inbox(?=\/|$)/i.test(name) ? `INBOX${name.slice(5)}` : name
}

/** As `mailboxPath`, for a name that is to be made. @throws Refused */
export function newMailboxPath(wireName: string): string {
  const path = mailboxPath(wireName.replace(/\/$/, ''))
  const names = path.split('/')
  if (names.some((name) => name === '') || names.length > depthMax || path.length > nameCharsMax)
    throw new Refused('[CANNOT] The mailbox name is empty, too long or too deep')
  if (/[%*\p{Cc}]/u.test(path))
    throw new Refused('[CANNOT] The mailbox name has a character that is not allowed')
  return path
}

/** The account whose mailboxes this session owns. @throws Refused for a service account. */
export function ownAccount({ identity }: Session): number {
  if (identity?.kind !== 'user') throw new Refused('[NOPERM] A service account has no mailboxes of its own')
  return identity.accountId
}

export async function findMailbox(session: Session, wireName: string): Promise<FoundMailbox | null> {
  const { store } = session.context
  const path = mailboxPath(wireName)
  if (session.identity?.kind === 'user') {
    const row = await store.findMailbox(session.identity.accountId, path)
    return row && { row, owner: true }
  }
  if (!path.startsWith(servicePrefix)) return null
  const address = session.context.canonicalAddress(path.slice(servicePrefix.length))
  const account = address && (await store.findAccount(address))
  const row = account && (await store.findMailbox(account.id, 'INBOX'))
  return row && { row, owner: false }
}

/** @throws Refused when there is no such mailbox. */
export async function needMailbox(session: Session, wireName: string): Promise<FoundMailbox> {
  const found = await findMailbox(session, wireName)
  if (!found) throw new Refused('[NONEXISTENT] No such mailbox')
  return found
}

export const wireName = (path: string): string => encodeMutf7(path)
