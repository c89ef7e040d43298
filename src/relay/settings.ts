import type { RateLimit } from './rate.ts'

/** What an operator may set; the protocol's own limits are in `#kernel/limits.ts`. */
export interface RelaySettings {
  /** New handhelds of one network within an hour. */
  readonly enrolmentsPerNetworkHour: number
  /** Log-ins begun from one network. */
  readonly loginRate: RateLimit
  readonly deviceFrameRate: RateLimit
  readonly serverFrameRate: RateLimit
  /** Connections that have not logged in yet; more are asked to come later. */
  readonly pendingLoginsMax: number
  /** SMTP conversations at once. */
  readonly mailsAtOnceMax: number
  /** A handheld hears "queued" when the mail server has not answered by then. */
  readonly mailAnswerMs: number
  /** How often expired frames are looked for. */
  readonly housekeepingMs: number
  /** Mail from `<>` where the site wants no bounces. */
  readonly nullSender: boolean
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
  nullSender: false,
}
