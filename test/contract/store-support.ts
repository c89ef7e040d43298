/** What the parts of the store contract share. */
import assert from 'node:assert/strict'
import type { Activation } from '#activation/activation.ts'
import { fold } from '#activation/reduce.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { Change } from '#store/activations.ts'
import type { Store } from '#store/store.ts'
import type { NewGrant } from '#store/users.ts'
import * as e from '../unit/activation/events.ts'

/** Declares one test of the contract; each gets an empty store. */
export type CheckStore = (sentence: string, body: (store: Store) => Promise<void>) => void

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

export const alice = 'alice@example.test' as MailAddress
export const alias = 'al@example.test' as MailAddress

export async function withUser(store: Store): Promise<number> {
  const id = await store.users.add({ address: alice, displayName: 'Alice', aliases: [alias], nowMs: e.start })
  assert(id !== null)
  return id
}

export const openGrant = (store: Store, userId: number, nowMs = e.start, more: Partial<NewGrant> = {}) =>
  store.users.openGrant({
    userId,
    origin: 'generated',
    expiresAtMs: nowMs + 48 * e.hour,
    records: [{ address: alice, profile: 1, sealed: bytes(1, 2) }],
    nowMs,
    ...more,
  })

/** The state after so many events of a good run. */
export function state(count: number): Activation {
  const folded = fold(e.txn, e.goodRun.slice(0, count))
  assert(folded)
  return folded
}

export const runUnder = (grantId: number, userId: number): Change => ({
  nowMs: e.start,
  activation: {
    expectedVersion: 0,
    next: { ...state(1), grantId },
    userId,
    events: e.goodRun.slice(0, 1),
  },
})
