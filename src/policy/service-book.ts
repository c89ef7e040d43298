/** The registry of service books: each tells a handheld of one service, where it lives, and how it is set up. */
import type { Book } from '#protocol/service-book.ts'
import type { Account } from './account.ts'
import { alpBook } from './books/alp.ts'
import { browserBook } from './books/browser.ts'
import { cicalBook } from './books/cical.ts'
import { cmimeBook } from './books/cmime.ts'
import { syncBook } from './books/sync.ts'

/** Null where the policy leaves no such service. */
const makers: readonly ((account: Account) => Book | null)[] = [
  cmimeBook,
  cicalBook,
  syncBook,
  alpBook,
  browserBook,
]

export const serviceBooks = (account: Account): readonly Book[] =>
  makers.map((make) => make(account)).filter((book) => book !== null)
