/** What the handheld has taken from its server, told without being shown on its screen: policies, service books, and wipes that wait. */
import { decodeItPolicy, type RuleValue } from '#protocol/it-admin.ts'
import { decodeBookSet } from '#protocol/service-book.ts'
import { rulesInForce } from './rules.ts'
import type { Account } from './state.ts'
import type { WaitingWipe } from './state-orders.ts'
import type { Turn } from './turn.ts'
import { gateOf, isLocked } from './unlock.ts'

export type Taken =
  | {
      readonly what: 'policy'
      readonly name: string
      readonly number: number
      /** Null where the handheld shows nothing of its rules now. */
      readonly changed: readonly ChangedRule[] | null
    }
  | {
      readonly what: 'books'
      readonly number: number
      /** CIDs of the set, and of the one before that are not in it; null as above. */
      readonly books: { readonly now: readonly string[]; readonly gone: readonly string[] } | null
    }
  /** One that waits; one that does not is seen when the screen says so. */
  | { readonly what: 'wipe'; readonly scope: WaitingWipe['scope']; readonly beginsAtMs: number }
  | { readonly what: 'wipe_cancelled' }

export interface ChangedRule {
  readonly name: string
  /** Null: no policy says anything of it any more. */
  readonly value: RuleValue | null
}

/** @param before the account without it */
export function tookPolicy(turn: Turn, before: Account): void {
  const content = turn.state.account?.policy?.content
  const policy = content && decodeItPolicy(content)
  if (!policy?.ok) return
  const { policyId: name, number } = policy.value
  const changed = isOpen(turn) ? changedRules(before, turn) : null
  turn.actions.push({ kind: 'took', taken: { what: 'policy', name, number, changed } })
}

/** @param before the account without them */
export function tookBooks(turn: Turn, before: Account): void {
  const { account } = turn.state
  if (!account?.bookNumber) return
  const now = cidsOf(account)
  const gone = cidsOf(before).filter((cid) => !now.includes(cid))
  const books = isOpen(turn) ? { now, gone } : null
  turn.actions.push({ kind: 'took', taken: { what: 'books', number: account.bookNumber.number, books } })
}

/** Behind the lock nobody hears of it: whoever found the handheld would know how long there is. */
export function tookWipe(turn: Turn): void {
  const wipe = turn.state.account?.wipe
  if (!wipe || wipe.dueMs <= turn.nowMs || isLocked(turn.state, turn.nowMs)) return
  turn.actions.push({ kind: 'took', taken: { what: 'wipe', scope: wipe.scope, beginsAtMs: wipe.dueMs } })
}

/** @param before the account as it was */
export function tookCancel(turn: Turn, before: Account | null): void {
  if (before?.wipe && !isLocked(turn.state, turn.nowMs))
    turn.actions.push({ kind: 'took', taken: { what: 'wipe_cancelled' } })
}

const isOpen = ({ state, nowMs }: Turn): boolean => gateOf(state, nowMs).kind === 'open'

function changedRules(account: Account, { state }: Turn): ChangedRule[] {
  const [before, now] = [rulesInForce({ account }), rulesInForce(state)]
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter((name) => !isSame(before.get(name), now.get(name)))
    .map((name) => ({ name, value: now.get(name) ?? null }))
}

/** Rules hold plain values, lists of texts and bytes. */
const isSame = (a: RuleValue | undefined, b: RuleValue | undefined): boolean =>
  typeof a === typeof b && String(a) === String(b)

function cidsOf({ books }: Account): string[] {
  const set = books && decodeBookSet(books.content)
  return set?.ok ? set.value.books.map(({ cid }) => cid) : []
}
