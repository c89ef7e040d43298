/** What an administrator can do with policies, service books, the queue, and handhelds far away. */
import type { HandheldDetail } from '../views.ts'
import type {
  BooksView,
  EffectivePolicy,
  PolicyChanged,
  PolicyDetail,
  PolicyRevisionView,
  PolicyView,
  QueueItemView,
  RuleChange,
  RuleView,
} from './views.ts'

export interface PolicyEdit {
  /** Why; kept with the revision. */
  readonly note?: string
  /** Nothing is written: what would change is told. */
  readonly dryRun?: boolean
}

export interface PolicyAssignee {
  readonly group?: string
  readonly user?: string
}

/** @throws Fault policy.unknown, policy.name, policy.default, policy.exists, policy.rule_unknown, policy.rule_value */
export interface PolicyCases {
  /** The catalogue. */
  rules(): Promise<RuleView[]>
  /** The strongest first. */
  list(): Promise<PolicyView[]>
  show(name: string): Promise<PolicyDetail>
  /** `from`: a policy to begin with. */
  create(name: string, from?: string): Promise<PolicyDetail>
  /** Sets rules from what was typed; null takes a rule out, so that weaker policies decide. */
  change(
    name: string,
    changes: Readonly<Record<string, string | null>>,
    edit?: PolicyEdit,
  ): Promise<PolicyChanged>
  /** All its rules are these from now on. */
  replace(name: string, rules: Readonly<Record<string, unknown>>, edit?: PolicyEdit): Promise<PolicyChanged>
  /** Back to what it said in an earlier revision, as a new one. */
  restore(name: string, revision: number, edit?: PolicyEdit): Promise<PolicyChanged>
  rename(name: string, to: string): Promise<PolicyDetail>
  remove(name: string): Promise<PolicyDetail>
  rank(name: string, rank: number): Promise<PolicyDetail>
  /** @throws Fault group.unknown, user.unknown */
  assign(name: string, to: PolicyAssignee): Promise<PolicyDetail>
  unassign(name: string, from: PolicyAssignee): Promise<PolicyDetail>
  /** Newest first. */
  history(name: string): Promise<PolicyRevisionView[]>
  diff(one: string, other: string): Promise<RuleChange[]>
  /** What counts for a user or a handheld's user, and why. @throws Fault user.unknown, handheld.unknown */
  preview(who: string): Promise<EffectivePolicy>
}

export interface QueueQuery {
  /** A user's address or a handheld's PIN. */
  readonly of?: string
  /** Those that have ended as well. */
  readonly all?: boolean
  /** 1..1000, default 100. */
  readonly limit?: number
}

/** @throws Fault queue.unknown, queue.ended */
export interface QueueCases {
  /** Newest first. */
  list(query?: QueueQuery): Promise<QueueItemView[]>
  show(id: number): Promise<QueueItemView>
  /** @throws Fault queue.guarded for a lock, a wipe or its recall */
  cancel(id: number): Promise<QueueItemView>
  /** Takes any item out, a lock or a wipe as well: who may give those may take them back. */
  cancelGuarded(id: number): Promise<QueueItemView>
  /** Sealed anew and sent at once, whatever its state. */
  resend(id: number): Promise<QueueItemView>
}

/** @throws Fault handheld.unknown, handheld.not_active, book.unknown, book.needed */
export interface BookCases {
  list(pin: string): Promise<BooksView>
  /** The whole set, under a new number. */
  resend(pin: string): Promise<BooksView>
  /** Takes a book away from the handheld's user, on all handhelds of theirs, or gives it back. */
  remove(pin: string, cid: string): Promise<BooksView>
  restore(pin: string, cid: string): Promise<BooksView>
}

export interface LockTerms {
  /** The handheld's new password. */
  readonly password?: string
  readonly ownerText?: string
}

export interface WipeTerms {
  /** Minutes that the handheld waits before it begins. */
  readonly afterMinutes?: number
  /** Only the organisation's data and keys. */
  readonly organisationOnly?: boolean
}

/** Commands to one handheld; each is queued, signed, and resent until it is answered. */
export interface CommandCases {
  lock(pin: string, terms?: LockTerms): Promise<QueueItemView>
  setOwner(pin: string, ownerText: string): Promise<QueueItemView>
  wipe(pin: string, terms?: WipeTerms): Promise<QueueItemView>
  cancelWipe(pin: string): Promise<QueueItemView>
  /** Its account ends at once, without a word to it. */
  remove(pin: string): Promise<HandheldDetail>
  /** Its policy is sent again under a new number; null where its activation does that, which is not complete yet. */
  resendPolicy(pin: string): Promise<QueueItemView | null>
}
