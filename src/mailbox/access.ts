/** Where a user's folders are for the service account: under one name for all users, or behind a log-in for each. */
import type { MailAddress } from '#kernel/brand.ts'
import type { MailLogin } from './mailbox.ts'

/** One watched folder. `owner` is the user's main address. */
export interface WatchedFolder {
  readonly owner: MailAddress
  /** `INBOX`, or the Junk folder's configured name. */
  readonly folder: string
}

export interface MailboxPlace {
  readonly login: MailLogin
  readonly name: string
}

export interface MailboxAccess {
  place(watched: WatchedFolder): MailboxPlace
  /**
   * Where one connection of the service account sees all inboxes: the pattern (RFC 3501 section 6.3.8) of those whose
   * users' addresses begin so; null: it does not.
   */
  readonly listPattern: ((beginning: string) => string) | null
  /** Whether the service account logs in for itself as well. */
  readonly hasService: boolean
}

export const inbox = 'INBOX'

const placeholder = /\{(address|local)\}/g

export const folderKey = ({ owner, folder }: WatchedFolder): string => `${owner}/${folder}`

/**
 * The service account sees each inbox as `pattern`, in which `{address}` stands for the main address and
 * `{local}` for what is before its @. Other folders are reached on behalf of the user, unless their own name
 * is such a pattern.
 */
export function namespaceAccess(pattern: string): MailboxAccess {
  return {
    listPattern: (beginning) => pattern.replace(placeholder, `${beginning}%`),
    hasService: true,
    place: ({ owner, folder }) => {
      const name = folder === inbox ? pattern : folder
      if (!/\{(?:address|local)\}/.test(name)) return { login: { as: 'user', user: owner }, name }
      return { login: { as: 'service' }, name: filledIn(name, owner) }
    },
  }
}

/** There is a log-in for each user: on behalf of the user by the service account, or with the user's own word. */
export function authzidAccess(hasService = true): MailboxAccess {
  return {
    listPattern: null,
    hasService,
    place: ({ owner, folder }) => ({ login: { as: 'user', user: owner }, name: folder }),
  }
}

/** `{address}` becomes the main address, `{local}` what stands before its @. */
export function filledIn(pattern: string, owner: MailAddress): string {
  const local = owner.slice(0, owner.lastIndexOf('@'))
  return pattern.replace(placeholder, (_, what) => (what === 'local' ? local : owner))
}
