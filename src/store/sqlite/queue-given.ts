/** What each handheld at work was last given, and who it is for. */
import type { Pin } from '#kernel/brand.ts'
import type { GivenTo } from '../queue.ts'
import type { Db, SqlValue } from './database.ts'
import { type ReachRow, reachFromRow, reachOf } from './policies.ts'

interface GivenRow extends ReachRow {
  pin: Pin
  user_id: number
  address: GivenTo['address']
  display_name: string
  policy_digest: string
  books_digest: string
  has_books: number
}

export const given = (db: Db, where: string, ...values: SqlValue[]): GivenTo[] =>
  db
    .all<GivenRow>(
      `SELECT h.pin, h.user_id, a.address, u.display_name, h.policy_digest, h.books_digest,
         h.books_applied > 0 AS has_books, ${reachOf('h.user_id')}
       FROM handheld h JOIN user u ON u.id = h.user_id JOIN user_address a ON a.user_id = u.id AND a.main = 1
       WHERE h.state = 'active' AND h.policy_applied > 0 AND ${where}`,
      ...values,
    )
    .map((row) => ({
      ...reachFromRow(row),
      pin: row.pin,
      userId: row.user_id,
      address: row.address,
      displayName: row.display_name,
      policyDigest: row.policy_digest,
      booksDigest: row.books_digest,
      hasBooks: row.has_books === 1,
    }))
