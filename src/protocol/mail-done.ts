/** Statuses of the relay's answer to a handheld's mail request, by their numbers on the wire. */
export const mailDoneStatus = {
  /** The SMTP server took the mail. */
  accepted: 0,
  /** Known and mailed before: same PIN, transaction and body. */
  mailedBefore: 1,
  /** Queued; tried until the mail's life ends. */
  queued: 2,
  /** The mail server refused the address, or the mail bounced (E02). */
  addressRefused: 3,
  /** Malformed, or a version not spoken (E07). */
  malformed: 4,
  /** Too many requests of this handheld (E17). */
  overLimit: 5,
  /** The handheld's clock is off; the frame carries the relay's time. Begin again once, else E06. */
  clock: 6,
  /** The transaction id is another PIN's or another body's. Begin again once. */
  txnTaken: 7,
  /** Gave up (E01). */
  gaveUp: 8,
} as const

export type MailDoneStatus = (typeof mailDoneStatus)[keyof typeof mailDoneStatus]

/** Narrows a wire number; a status of a later version is none of ours. */
export const isMailDoneStatus = (status: number): status is MailDoneStatus =>
  Object.values<number>(mailDoneStatus).includes(status)
