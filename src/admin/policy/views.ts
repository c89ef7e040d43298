/** What administrators are shown of policies, service books and the queue: plain data, times in ms. */
import type { MailAddress, Pin } from '#kernel/brand.ts'
import type { FaultCode, Turn } from '#kernel/fault.ts'
import type { StoredRules } from '#store/policies.ts'
import type { ItemKind, ItemState } from '#store/queue.ts'

export type RuleView = {
  readonly name: string
  /** Type and range, in plain words. */
  readonly takes: string
  readonly standard: string
  readonly says: string
}

export interface PolicyView {
  readonly name: string
  /** 1 is the strongest; null: the default. */
  readonly rank: number | null
  readonly revision: number
  /** How many rules it says something about. */
  readonly ruleCount: number
  readonly groups: readonly string[]
  readonly users: readonly string[]
  /** Handhelds at work whose users it reaches. */
  readonly handhelds: number
  readonly changedAtMs: number
}

export interface PolicyDetail extends PolicyView {
  readonly rules: StoredRules
}

/** A rule of one policy, before and after; null: the policy says nothing of it. */
export interface RuleChange {
  readonly rule: string
  readonly before: string | null
  readonly after: string | null
}

export interface PolicyChanged {
  readonly policy: PolicyView
  readonly changes: readonly RuleChange[]
  /** Nothing was written: it was only asked what would change. */
  readonly dryRun: boolean
}

export interface PolicyRevisionView {
  readonly revision: number
  readonly atMs: number
  readonly note: string
  /** Against the revision before it. */
  readonly changes: readonly RuleChange[]
}

/** One rule as it counts for a user. */
export interface EffectiveRule {
  readonly rule: string
  readonly value: string
  /** The policy that decides; null: none does, and the catalogue's default counts. */
  readonly policy: string | null
  /** How that policy reaches the user, in plain words. */
  readonly via: string
  /** What weaker policies say of it, the strongest first. */
  readonly overruled: readonly { readonly policy: string; readonly value: string }[]
}

export interface EffectivePolicy {
  readonly user: MailAddress
  readonly rules: readonly EffectiveRule[]
  /** Where each of the user's handhelds stands with it. */
  readonly handhelds: readonly HandheldPolicy[]
}

export interface HandheldPolicy {
  readonly pin: Pin
  /** The number it last applied; 0: none. */
  readonly applied: number
  readonly sent: number
  readonly leftOut: readonly string[]
  /** A newer one that is on its way, has stopped or was cancelled; null: it has what it should have. */
  readonly waiting: QueueItemView | null
}

export interface QueueItemView {
  readonly id: number
  readonly pin: Pin
  readonly user: MailAddress | null
  readonly kind: ItemKind
  readonly command: string | null
  readonly state: ItemState
  /** Where it stands, in one plain sentence. */
  readonly says: string
  /** What to do next, or what happens by itself. */
  readonly next: string
  readonly turn: Turn | 'nobody'
  readonly code: FaultCode | null
  readonly queuedAtMs: number
  readonly sinceMs: number
  /** Copies handed to the relay so far, of its present packet. */
  readonly copies: number
  /** When the next copy goes, or it is tried again; null: it waits for something else. */
  readonly nextTryAtMs: number | null
  /** The item that must end first. */
  readonly waitsFor: number | null
  readonly number: number | null
  readonly leftOut: readonly string[]
}

export interface BookView {
  readonly cid: string
  readonly uid: string
  readonly name: string
  readonly description: string
  /** It is among what the handheld should have. */
  readonly wanted: boolean
  /** An administrator took it away. */
  readonly removed: boolean
  /** The handheld named it as left out of the set it has. */
  readonly leftOut: boolean
}

export interface BooksView {
  readonly pin: Pin
  readonly user: MailAddress
  readonly sent: number
  readonly applied: number
  readonly books: readonly BookView[]
  /** It has not registered the set as it should be. */
  readonly isOwed: boolean
  /** The set that is queued; null where none is, or not yet. */
  readonly waiting: QueueItemView | null
}
