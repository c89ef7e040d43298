import type { MailAddress, Pin } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'
import type { Reach } from './policies.ts'

/** What is queued for a handheld. */
export type ItemKind = 'policy' | 'books' | 'command'

/**
 * waiting → out (sealed and on its way) → done, refused, or waiting again; `replaced` by a newer one, by a wipe or by
 * a new activation; `cancelled` by an administrator; `set_aside`: it could not be made, and the others go on.
 */
export type ItemState = 'waiting' | 'out' | 'done' | 'refused' | 'replaced' | 'cancelled' | 'set_aside'

export interface QueueItem {
  readonly id: number
  readonly pin: Pin
  readonly userId: number
  readonly kind: ItemKind
  /** Its name on the wire; null for policy and books. */
  readonly command: string | null
  /** The command's parameters, sealed above the store; null for policy and books. */
  readonly sealed: Uint8Array | null
  /** Of the rules or books it stands for. */
  readonly digest: string
  readonly state: ItemState
  /** Since when it has this state. */
  readonly sinceMs: number
  readonly queuedAtMs: number
  /** Since when the handheld owes an answer to this or to one whose place this took. */
  readonly owedSinceMs: number
  /** Null: it waits for another item, or has ended. */
  readonly dueAtMs: number | null
  /** How often it was sealed and sent. */
  readonly tries: number
  /** How often in a row it could not be. */
  readonly failures: number
  /** Of the policy, set or command last sent; null before. */
  readonly number: number | null
  readonly deliveryKey: string | null
  /** The handheld's last answer; null before any. */
  readonly status: number | null
  readonly code: FaultCode | null
  /** Rules or books that the handheld left out. */
  readonly leftOut: readonly string[]
}

export interface NewItem {
  readonly pin: Pin
  readonly userId: number
  readonly kind: ItemKind
  readonly command?: string
  readonly sealed?: Uint8Array
  readonly digest?: string
  readonly nowMs: number
}

/** Where an item goes from here; written in the commit of what caused it. */
export interface ItemChange {
  readonly id: number
  readonly nowMs: number
  readonly state: ItemState
  readonly dueAtMs?: number | null
  readonly number?: number
  readonly deliveryKey?: string
  readonly status?: number
  readonly code?: FaultCode | null
  readonly leftOut?: readonly string[]
  /** It was sealed and sent, or could not be. */
  readonly tried?: 'sent' | 'failed'
  /** Carried out although it was cancelled or replaced meanwhile. */
  readonly late?: true
  /** Only where it still waits as it did when it was read: another process may have sent it since. */
  readonly ifWaiting?: Pick<QueueItem, 'tries' | 'failures'>
}

/** What one active, provisioned handheld was last given. */
export interface GivenTo extends Reach {
  readonly pin: Pin
  readonly userId: number
  readonly address: MailAddress
  readonly displayName: string
  readonly policyDigest: string
  readonly booksDigest: string
  /** Its activation has brought it service books: from then on they come by the queue. */
  readonly hasBooks: boolean
}

export interface QueueFilter {
  readonly pin?: Pin
  readonly userId?: number
  /** Only those that are not done with: waiting, out, refused or set aside. */
  readonly open?: boolean
  readonly limit: number
}

export interface QueueTroubles {
  readonly refused: number
  readonly setAside: number
  /** Of those two the newest; null: there is none. */
  readonly newestStopped: QueueItem | null
  /** Waiting, out or refused. */
  readonly owed: number
  /** Waiting or out, of every kind. */
  readonly live: number
  readonly oldestOwed: QueueItem | null
}

export interface QueueStore {
  /**
   * Queues items, all in one commit. A policy or set takes the place of one that is not acknowledged yet; a wipe takes
   * the place of every command before it. Digests of policies and sets are noted at the handheld. Null where the
   * handheld does not work for this user any more.
   */
  add(items: readonly NewItem[]): Promise<(number | null)[]>
  find(id: number): Promise<QueueItem | null>
  /** Newest first. */
  list(filter: QueueFilter): Promise<QueueItem[]>
  /** Of each handheld, or of `pin` alone, the newest command of this name that it has taken. */
  newestDone(command: string, pin?: Pin): Promise<QueueItem[]>
  /** What has stopped, and policies that were queued before a time and are not applied. */
  troubled(owedBeforeMs: number): Promise<QueueTroubles>
  /** Not ended, oldest first. */
  live(pin: Pin): Promise<QueueItem[]>
  /** Waiting items that are due, oldest due first. */
  due(nowMs: number, limit: number): Promise<QueueItem[]>
  nextDueAtMs(): Promise<number | null>
  /** Nothing is written where the item has ended meanwhile. */
  change(change: ItemChange): Promise<void>
  /** It waits for `other` to end; nothing is written where that has ended meanwhile. */
  waitFor(id: number, other: number): Promise<void>
  /** What came to wait later than now came under a date that was ahead: it is due. Returns how many did. */
  bringBack(nowMs: number): Promise<number>
  /** Takes an item out; false where it had ended. */
  cancel(id: number, nowMs: number): Promise<boolean>
  /**
   * Begins it again, whatever its state, sealed anew; false where a newer one has taken its place, where a command has
   * ended, and where the handheld does not work for its user any more.
   */
  again(id: number, nowMs: number): Promise<boolean>
  /**
   * The date was set back by so much: what waits for a time comes earlier by the same. So does the end of a handheld
   * whose wipe was taken later than now; once, whoever else has seen the date change.
   */
  bringForward(byMs: number, nowMs: number): Promise<void>
  /** Every handheld that works and whose activation has brought it a policy, after this PIN; in the order of PINs. */
  given(after: Pin | '', limit: number): Promise<GivenTo[]>
  /** The same of one handheld; null where it does not work, or has no policy yet. */
  givenTo(pin: Pin): Promise<GivenTo | null>
  /** Handhelds whose acknowledged wipe must have been carried out by now: they end, with their keys. Returns how many. */
  endWiped(nowMs: number): Promise<number>
  /** When the next of those is due. */
  nextWipeAtMs(): Promise<number | null>
}
