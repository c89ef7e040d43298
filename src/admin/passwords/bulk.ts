/** Passwords for many users at once. A row that cannot have one is set aside with its code, and the rows after it go on. */
import { isLive } from '#activation/grant.ts'
import { Fault } from '#kernel/fault.ts'
import type { BulkPasswordResult, BulkPasswordRow, BulkPasswordTerms, PasswordTerms } from '../admin.ts'
import { addressOf, findUser, shortened } from '../lookup.ts'
import { issueGenerated, type PasswordParts, withoutPassword } from './issue.ts'

/** Read page by page, so that a large group holds nobody else up. @throws Fault group.unknown */
export async function rowsOfGroup(
  { store }: Pick<PasswordParts, 'store'>,
  name: string,
): Promise<BulkPasswordRow[]> {
  const group = await store.groups.byName(name.trim())
  if (!group) throw new Fault('group.unknown', shortened(name))
  const rows: BulkPasswordRow[] = []
  for (;;) {
    const after = rows.at(-1)?.address
    const page = after === undefined ? { limit: pageSize } : { limit: pageSize, after: addressOf(after) }
    const users = await store.groups.users(group.id, page)
    rows.push(...users.map(({ address }) => ({ address })))
    if (users.length < pageSize) return rows
  }
}

const pageSize = 1_000

export async function* generateMany(
  parts: PasswordParts,
  rows: readonly BulkPasswordRow[],
  terms: BulkPasswordTerms,
): AsyncGenerator<BulkPasswordResult> {
  for (const [index, row] of rows.entries()) {
    const result = { index, address: row.address, outcome: 'issued', password: null, fault: null } as const
    try {
      yield { ...result, ...(await one(parts, row, terms)) }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      yield { ...result, outcome: 'failed', fault: { code: error.code, detail: error.detail } }
    }
  }
}

async function one(
  parts: PasswordParts,
  row: BulkPasswordRow,
  { replace, hide, ...terms }: BulkPasswordTerms,
): Promise<Pick<BulkPasswordResult, 'outcome' | 'password'>> {
  const { store, clock } = parts
  const user = await findUser(store.users, row.address)
  const before = await store.users.newestGrant(user.id)
  if (!replace && before && isLive(before.grant, clock.nowMs())) return { outcome: 'kept', password: null }
  const issued = await issueGenerated(parts, user, termsOf(row, terms))
  return { outcome: 'issued', password: hide ? withoutPassword(issued) : issued }
}

/** What a row says of its own goes before what holds for all. */
function termsOf({ pin, to }: BulkPasswordRow, terms: PasswordTerms): PasswordTerms {
  const send = terms.send && to ? { ...terms.send, to } : terms.send
  return { ...terms, ...(pin ? { pin } : {}), ...(send ? { send } : {}) }
}
