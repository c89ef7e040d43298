/** The registry of service books: each tells a handheld of one service, where it lives, and how it is set up. */
import type { MailAddress, SrpId } from '#kernel/brand.ts'
import type { Book } from '#protocol/service-book.ts'
import { cicalBook } from './books/cical.ts'
import { cmimeBook } from './books/cmime.ts'
import { syncBook } from './books/sync.ts'
import type { PolicyRules } from './it-policy.ts'

/** Whose books these are. */
export interface Account {
  readonly address: MailAddress
  readonly displayName: string
  readonly srpId: SrpId
  readonly rules: PolicyRules
}

export type BookMaker = (account: Account) => Book

const makers: readonly BookMaker[] = [cmimeBook, cicalBook, syncBook]

export const serviceBooks = (account: Account): readonly Book[] => makers.map((make) => make(account))

/** Unique and stable within the account. */
export const bookUid = (srpId: SrpId, cid: string): string => `${srpId}-${cid}`
