import type { MessageName } from '#activation/event.ts'
import type { ActivationId, Pin } from '#kernel/brand.ts'

/** Messages of a run, and those of an account: acknowledgements, commands and what rolls keys over. */
export type DeliveryName = MessageName | 'ack' | 'command' | 'rollover'

/** Whether an activation is told what becomes of it. */
export const isOfRun = (name: DeliveryName): name is MessageName =>
  name !== 'ack' && name !== 'command' && name !== 'rollover'

/** Until when a delivery is repeated: the relay's receipt, the handheld's answer, or not at all. */
export type Until = 'receipt' | 'answer' | 'once'

/** Something on its way to one handheld: the same bytes every time. */
export interface NewDelivery {
  /** Idempotency key: a second delivery with the same key is not made. */
  readonly key: string
  readonly txn: ActivationId | null
  readonly of: DeliveryName
  readonly to: { readonly pin: Pin } | { readonly token: Uint8Array }
  /** The encoded payload, before it is cut into parts. */
  readonly payload: Uint8Array
  readonly until: Until
  readonly firstAtMs: number
  readonly endsAtMs: number
  /** The packet's name, for the acknowledgement that answers it. */
  readonly packet?: { readonly kid: number; readonly seq: number; readonly tag: Uint8Array }
  /** It goes out right after this commit: counted in it as the first attempt, where the key is new. */
  readonly firstCopy?: { readonly mids: readonly Uint8Array[]; readonly nextAtMs: number }
}

export interface Delivery extends NewDelivery {
  readonly id: number
  readonly attempts: number
  /** The relay frame ids of the running attempt, one per part. */
  readonly mids: readonly Uint8Array[]
  readonly sentAtMs: number | null
  /** The relay's last status for the running attempt, or null before any. */
  readonly receipt: number | null
  readonly receiptAtMs: number | null
  /** Since when the relay has said the same. */
  readonly receiptSinceMs: number | null
  readonly nextAtMs: number
  readonly state: 'running' | 'answered' | 'stopped' | 'given_up'
}

/** The relay's word on the newest copy; `nextAtMs` null leaves the schedule as it is. */
export interface ReceiptChange {
  readonly deliveryId: number
  readonly status: number
  /** When the relay said it. */
  readonly atMs: number
  readonly nextAtMs: number | null
}

/** An acknowledgement that a handheld gave for one of our packets. */
export interface AckChange {
  readonly deliveryId: number
}

export interface DeliveryStore {
  due(nowMs: number, limit: number): Promise<Delivery[]>
  nextDueAtMs(): Promise<number | null>
  /** How many are not answered yet. */
  countRunning(): Promise<number>
  byKey(key: string): Promise<Delivery | null>
  byMid(mid: Uint8Array): Promise<Delivery | null>
  byPacket(pin: Pin, kid: number, seq: number): Promise<Delivery | null>
  /** What is still running for a handheld or an activation, oldest first. */
  runningFor(who: { readonly pin: Pin } | { readonly txn: ActivationId }): Promise<Delivery[]>
  /** One frame set is about to be handed to the relay. */
  attempted(id: number, mids: readonly Uint8Array[], nowMs: number, nextAtMs: number): Promise<void>
  /** The same frame ids are asked about, or tried, again at that time. */
  putOff(id: number, nextAtMs: number): Promise<void>
  /** A running delivery goes out again at that time: the other side asked for it. */
  hurry(key: string, atMs: number): Promise<void>
  /** As `hurry`, also where the delivery had come to its end: it lives at least until then; unknown keys are left alone. */
  again(key: string, atMs: number, endsAtMs: number): Promise<void>
  /**
   * Due after a log-in: what went out and has no receipt, since frame or receipt may have been lost; what was stored
   * at the relay, which is asked what became of it, since it says so once to who is there; what was refused as
   * fenced or not listed, since a log-in comes with this machine's lease and lists; and what was sent or told of at a
   * later date than this, which somebody has set back while nobody was there to see it.
   */
  hurryAtLogin(nowMs: number): Promise<void>
  /** Everything unfinished is due again: the relay has lost what it held. */
  hurryAll(nowMs: number): Promise<void>
  /** The date was set back by so much: what is to go out later goes out earlier by the same. */
  bringForward(byMs: number): Promise<void>
  /**
   * The handheld is on the air: what was delivered to it, or fits no receipt, and is not answered goes out again now,
   * unless it went out less than `pauseMs` ago.
   */
  hurryFor(pin: Pin, nowMs: number, pauseMs: number): Promise<void>
  end(id: number, state: 'answered' | 'stopped' | 'given_up'): Promise<void>
}
