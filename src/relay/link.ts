/**
 * One connection between the relay and a handheld or server, as both sides' logic sees it. WebSocket is one
 * way to make it; tests and the simulation hand in a pair in memory that drops, delays and reorders.
 */
export interface RelayLink {
  /** Sends one binary message; the bytes are not changed afterwards. Ignored once closing. */
  send(message: Uint8Array): void
  /** Bytes handed over and not yet taken by the network. */
  bufferedBytes(): number
  ping(): void
  /** Stops reading until `resume`: the other side feels it as back-pressure. */
  pause(): void
  resume(): void
  /** Begins an orderly close; `closed` is told when it is done or given up. */
  close(code: number, reason?: string): void
  /** Ends it at once, without a word to the other side. */
  terminate(): void
}

/** What a link tells its side; each after `opened`, nothing after `closed`. */
export interface LinkListener {
  opened(): void
  message(bytes: Uint8Array): void
  /** A text message: never valid. */
  text(): void
  ponged(): void
  /** What was handed over has left: `bufferedBytes` is small again. */
  drained(): void
  /** `code` as in RFC 6455, 1006 without a close frame. `error` is why the connection was never made. */
  closed(code: number, error?: Error): void
}

/** Starts a connection to the relay. Never throws: what fails is told as `closed`. */
export type DialRelay = (listener: LinkListener) => RelayLink

export type RelayRole = 'device' | 'server'

/** Close codes of docs/protocol.md, "Relay". */
export const closeCode = {
  normal: 1000,
  goingAway: 1001,
  textMessage: 1003,
  /** Never sent: the line broke. */
  abnormal: 1006,
  tooBig: 1009,
  internal: 1011,
  restart: 1012,
  tryLater: 1013,
  malformed: 4400,
  loginFailed: 4401,
  suspended: 4403,
  unknownName: 4404,
  tooLate: 4408,
  displaced: 4409,
  version: 4426,
  tooMany: 4429,
} as const

/** The path of a role's connection below the relay's URL. */
export const rolePath = (role: RelayRole): string => `/mdap1/${role}`
export const subprotocol = 'mdap1'
