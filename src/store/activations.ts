import type { Activation } from '#activation/activation.ts'
import type { ActivationEvent } from '#activation/event.ts'
import type { Grant } from '#activation/grant.ts'
import type { ActivationId, Pin } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'
import type { AckChange, NewDelivery, ReceiptChange } from './deliveries.ts'
import type { AccountChange, InboundMark, NewKey } from './handhelds.ts'
import type { ItemChange } from './queue.ts'
import type { RolloverChange } from './rollovers.ts'
import type { Cursor } from './watches.ts'

/** Work kinds: the reducer's, and those that other commits queue for an activation. */
export type WorkKind =
  | 'make_answer'
  | 'judge_proof'
  | 'send_policy'
  | 'send_books'
  | 'supersede_others'
  | 'close_run'
  | 'end_run'
  | 'approve_run'
  | 'wake'

export interface NewWork {
  readonly key: string
  readonly txn: ActivationId
  readonly kind: WorkKind
  readonly dueAtMs: number
  /** A grant's id: the work is only queued where another activation is open under it. */
  readonly ifOthersUnder?: number
}

export interface WorkItem extends Omit<NewWork, 'ifOthersUnder'> {
  readonly tries: number
  /** How the last try failed; of `close_run` and `end_run` why the run ends. */
  readonly lastCode: FaultCode | null
}

/**
 * One commit: everything that follows from one event, or from one packet of a handheld. Parts left out stay
 * as they are. Versions guard against a second writer: one that is stale undoes the whole change.
 */
export interface Change {
  readonly nowMs: number
  readonly activation?: {
    readonly expectedVersion: number
    readonly next: Activation
    readonly userId: number | null
    readonly events: readonly ActivationEvent[]
  }
  readonly grant?: { readonly id: number; readonly expectedVersion: number; readonly next: Grant }
  /** Z, V and w0 of the run, sealed. */
  readonly runSecrets?: { readonly txn: ActivationId; readonly sealed: Uint8Array }
  readonly eraseRunSecrets?: ActivationId
  readonly eraseRecords?: number
  readonly addWork?: readonly NewWork[]
  readonly finishWork?: readonly string[]
  readonly addDeliveries?: readonly NewDelivery[]
  readonly stopDeliveries?: readonly string[]
  readonly receipts?: readonly ReceiptChange[]
  readonly ack?: AckChange
  readonly addKey?: NewKey
  readonly keyCurrent?: { readonly pin: Pin; readonly kid: number }
  readonly erasePendingKeys?: { readonly pin: Pin; readonly txn: ActivationId }
  readonly rollover?: RolloverChange
  /** This pending key becomes the current one, which is kept as the previous. */
  readonly switchKey?: { readonly pin: Pin; readonly kid: number }
  /** Keys of a rollover that nobody needs any more; their ids stay spent. */
  readonly eraseKeys?: { readonly pin: Pin; readonly kids: readonly number[] }
  readonly account?: AccountChange
  readonly inbound?: InboundMark
  /** What it means for an item of the Policy Service's queue. */
  readonly item?: ItemChange
  readonly cursor?: Cursor
}

export interface ActivationFilter {
  readonly userId?: number
  readonly pin?: Pin
  readonly grantId?: number
  /** Only those that have not ended. */
  readonly open?: boolean
  readonly limit: number
}

/** A handheld that has asked to activate under a grant. */
export interface SeenPin {
  readonly pin: Pin
  /** When its newest run began. */
  readonly atMs: number
  /** A proof of it waits for an approval. */
  readonly waiting: boolean
}

/**
 * `conflict`: a version is stale, somebody else wrote first. `window_moved`: another process has taken a packet of the
 * handheld meanwhile, perhaps this very one.
 */
export type Committed = 'done' | 'conflict' | 'window_moved'

export interface OwnedActivation {
  readonly activation: Activation
  /** Null where nobody's mailbox was named yet, or the user was removed. */
  readonly userId: number | null
}

export interface ActivationStore {
  /** Applies the change whole, or not at all. */
  commit(change: Change): Promise<Committed>
  /** The events in their order; empty where the activation is unknown. */
  events(txn: ActivationId): Promise<ActivationEvent[]>
  /** The folded state as of the last commit. */
  find(txn: ActivationId): Promise<Activation | null>
  /** The same with the user whose mailbox held the request. */
  owned(txn: ActivationId): Promise<OwnedActivation | null>
  /** Newest first. */
  list(filter: ActivationFilter): Promise<Activation[]>
  /** Those that wait for an approval first, and of each kind the newest first. */
  pinsUnder(grant: { readonly userId: number; readonly grantId: number }, limit: number): Promise<SeenPin[]>
  runSecrets(txn: ActivationId): Promise<Uint8Array | null>
  dueWork(nowMs: number, limit: number): Promise<WorkItem[]>
  /** When the earliest work is due, or null where there is none. */
  nextWorkAtMs(): Promise<number | null>
  workOf(txn: ActivationId): Promise<WorkItem[]>
  putOffWork(key: string, dueAtMs: number, code: FaultCode): Promise<void>
  finishWork(key: string): Promise<void>
  /** The date was set back by so much: work that was put off comes earlier by the same; a `wake` keeps its date. */
  bringForward(byMs: number): Promise<void>
  /**
   * The same where nobody saw by how much: work that failed and waits longer than any pause is, and work of an
   * activation that went on later than now, is due. Returns how much was.
   */
  bringBack(nowMs: number, longestPauseMs: number): Promise<number>
}
