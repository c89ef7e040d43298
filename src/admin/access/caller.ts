/** Who asks for a use case, and with which right. */
import type { StoredRole } from '#store/accounts.ts'

export type RoleName = StoredRole

export interface Caller {
  /** `account:…`, `token:…` or `os:…`; `system` for the server itself. */
  readonly who: string
  /** `owner`: who has the data itself, by the mode of its files. */
  readonly role: RoleName | 'owner' | 'system'
  /** A running server's socket, the database opened by a command, or the server of its own accord. */
  readonly from: 'socket' | 'store' | 'server'
}

export const system: Caller = { who: 'system', role: 'system', from: 'server' }

/** The owner, by the name the operating system gave; anybody could say another name there, and gain nothing. */
export const owner = (osUser: string, from: Caller['from']): Caller => ({
  who: `os:${/^[\x21-\x7e]{1,64}$/.test(osUser) ? osUser : 'unknown'}`,
  role: 'owner',
  from,
})
