/** Statuses of a relay's receipt for a sent frame, by their numbers on the wire. */
export const receiptStatus = {
  /** Stored durably at the relay. */
  stored: 0,
  /** The receiver acknowledged the frame; best effort, may never come. */
  delivered: 1,
  /** The queue of that PIN is full. */
  queueFull: 2,
  /** Not permitted or not listed, also: the other side left. */
  notListed: 3,
  /** The route token is dead or owned by another server. */
  tokenDead: 4,
  /** Another machine holds a newer lease. */
  fenced: 5,
  /** The time to live ended before delivery. */
  expired: 6,
  /** Malformed, too big, or a mid used with other content. */
  malformed: 7,
  /** Too many sends without a first receipt. */
  tooManyUnanswered: 8,
} as const

export type ReceiptStatus = (typeof receiptStatus)[keyof typeof receiptStatus]

/** Narrows a wire number; a status of a later version is none of ours. */
export const isReceiptStatus = (status: number): status is ReceiptStatus =>
  Object.values<number>(receiptStatus).includes(status)
