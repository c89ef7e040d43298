import { limits } from '#kernel/limits.ts'
import type { RateLimit } from '#kernel/rate.ts'

/** What an operator may set; the protocol's own limits are in `#kernel/limits.ts`. */
export interface RelaySettings {
  /** New handhelds of one network within an hour. */
  readonly enrolmentsPerNetworkHour: number
  /** Log-ins begun from one network. */
  readonly loginRate: RateLimit
  readonly deviceFrameRate: RateLimit
  readonly serverFrameRate: RateLimit
  /** Connections that have not logged in yet; for one more, whoever has been there longest goes. */
  readonly pendingLoginsMax: number
  /** SMTP conversations at once. */
  readonly mailsAtOnceMax: number
  /** A handheld hears "queued" when the mail server has not answered by then. */
  readonly mailAnswerMs: number
  /** How often expired frames are looked for. */
  readonly housekeepingMs: number
  /** New transactions of one handheld, and mails to one address, within an hour. */
  readonly transactionsPerPinHour: number
  readonly mailsPerAddressHour: number
  /** Where bounces go: null for `bounce+…@` the relay, empty for `<>`, or an address of the site. */
  readonly envelopeSender: string | null
}

export const defaultRelaySettings: RelaySettings = {
  enrolmentsPerNetworkHour: 20,
  loginRate: { perSecond: 200, burst: 4_000 },
  deviceFrameRate: { perSecond: 100, burst: 1_000 },
  serverFrameRate: { perSecond: 5_000, burst: 20_000 },
  pendingLoginsMax: 4_000,
  mailsAtOnceMax: 8,
  mailAnswerMs: 5_000,
  housekeepingMs: 1_000,
  transactionsPerPinHour: limits.transactionsPerPinHour,
  mailsPerAddressHour: limits.mailsPerAddressHour,
  envelopeSender: null,
}
