/** Service books: what a handheld has against what it should have. */
import { Fault } from '#kernel/fault.ts'
import { layersFor } from '#policy/layers.ts'
import { effectiveRules } from '#policy/resolve.ts'
import { serviceBooks } from '#policy/service-book.ts'
import type { HandheldAccount } from '#store/handhelds.ts'
import { activeAccount, doubt, queued } from '../handhelds/commands.ts'
import { shortened } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'
import type { BookCases } from './cases.ts'
import { owedItem } from './queue.ts'
import type { BooksView } from './views.ts'

type Parts = Pick<AdminParts, 'store' | 'clock' | 'log' | 'srpId' | 'agentRuns'>

export function bookCases(parts: Parts): BookCases {
  const { clock } = parts
  return {
    list: async (pin) => booksOf(parts, await activeAccount(parts, pin)),
    resend: async (typed) => {
      const account = await activeAccount(parts, typed)
      const { pin, userId, books } = account
      if (books.applied === 0) await doubt(parts, pin, 'books')
      else await queued(parts, { pin, userId, kind: 'books', digest: books.digest, nowMs: clock.nowMs() })
      return booksOf(parts, account)
    },
    remove: (pin, cid) => setRemoved(parts, pin, cid, true),
    restore: (pin, cid) => setRemoved(parts, pin, cid, false),
  }
}

async function setRemoved(
  parts: Parts,
  typed: string,
  typedCid: string,
  removed: boolean,
): Promise<BooksView> {
  const account = await activeAccount(parts, typed)
  const { books } = await booksOf(parts, account)
  const cid = typedCid.trim().replace(/^\[|\]$/g, '')
  const book = books.find((one) => one.cid.toLowerCase() === cid.toLowerCase())
  if (!book) throw new Fault('book.unknown', shortened(typedCid))
  if (book.cid === 'CMIME' && removed) throw new Fault('book.needed')
  const isChanged = await parts.store.policies.setBookRemoved(account.userId, book.cid, removed)
  parts.log.info({ pin: account.pin, book: book.cid, removed }, 'a service book was taken away or given back')
  return booksOf(parts, account, isChanged)
}

/** @param isChanged just now, so that nothing of it is queued yet: what waits is an older set */
async function booksOf(parts: Parts, account: HandheldAccount, isChanged = false): Promise<BooksView> {
  const { store, srpId } = parts
  const user = await store.users.byId(account.userId)
  if (!user) throw new Fault('user.unknown', account.pin)
  const { policies, removedBooks } = await store.policies.reachOf(user.id)
  const rules = effectiveRules(layersFor(await store.policies.list(), policies))
  const all = serviceBooks({ address: user.address, displayName: user.displayName, srpId, rules })
  const waiting = await owedItem(parts, account, 'books')
  return {
    pin: account.pin,
    user: user.address,
    sent: account.books.sent,
    applied: account.books.applied,
    books: all.map(({ cid, uid, name, description }) => ({
      cid,
      uid,
      name,
      description,
      wanted: !removedBooks.includes(cid),
      removed: removedBooks.includes(cid),
      leftOut: account.books.leftOut.includes(uid),
    })),
    isOwed: isChanged || waiting !== null || account.books.applied === 0,
    waiting: isChanged ? null : waiting,
  }
}
