/** Rules as they are kept: only those that the policy itself says something about. */
export type StoredRules = Readonly<
  Record<string, boolean | number | string | readonly string[] | readonly number[]>
>

export interface KeptPolicy {
  readonly id: number
  readonly name: string
  /** 1 is the strongest; null: the default, which gives way to all others. */
  readonly rank: number | null
  /** Counts the changes of its rules. */
  readonly revision: number
  readonly rules: StoredRules
  readonly createdAtMs: number
  readonly changedAtMs: number
}

export interface PolicyRevision {
  readonly revision: number
  readonly rules: StoredRules
  readonly atMs: number
  /** Why, in the administrator's words. */
  readonly note: string
}

/** Somebody who gets a policy beside the default. */
export type PolicyTarget =
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'user'; readonly userId: number }

/** One assignment as it is shown: a group's name, or a user's main address. */
export interface PolicyAssignment {
  readonly policyId: number
  readonly kind: 'group' | 'user'
  readonly name: string
}

/** What reaches a user, by number: enough to work out what the user's handheld should have. */
export interface Reach {
  /** Policies beside the default, once for each way they come; `group` null: it is the user's own. */
  readonly policies: readonly { readonly id: number; readonly group: string | null }[]
  /** CIDs of service books taken away. */
  readonly removedBooks: readonly string[]
}

export interface PolicyStore {
  /** By rank, the default last. */
  list(): Promise<KeptPolicy[]>
  find(name: string): Promise<KeptPolicy | null>
  /** The new one is the weakest but for the default. Null where the name is taken. */
  create(policy: NewPolicy): Promise<number | null>
  /** False where the revision is not `expected` any more. */
  change(change: PolicyChange): Promise<boolean>
  /** False where the name is taken. */
  rename(id: number, name: string): Promise<boolean>
  remove(id: number): Promise<void>
  /** Puts it on this rank, 1 for the strongest; the others keep their order. */
  setRank(id: number, rank: number): Promise<void>
  /** Newest first. */
  revisions(id: number): Promise<PolicyRevision[]>
  /** Null where there is no such group; else whether it is new. */
  assign(id: number, target: PolicyTarget): Promise<boolean | null>
  /** Whether there was such an assignment. */
  unassign(id: number, target: PolicyTarget): Promise<boolean>
  assignments(): Promise<PolicyAssignment[]>
  reachOf(userId: number): Promise<Reach>
  /** How many handhelds at work belong to users it reaches. */
  handheldsReached(id: number): Promise<number>
  /** Takes a service book away from the user, or gives it back. Whether that changed anything. */
  setBookRemoved(userId: number, cid: string, removed: boolean): Promise<boolean>
}

export interface NewPolicy {
  readonly name: string
  readonly rules: StoredRules
  readonly note: string
  readonly nowMs: number
}

export interface PolicyChange {
  readonly id: number
  readonly expected: number
  readonly rules: StoredRules
  readonly note: string
  readonly nowMs: number
}
