/** The relay as a server or a handheld sees it: log-in and reconnection happen inside, frames come out in order. */

import type { Ed25519Key } from '#crypto/ed25519.ts'
import type { Pin, RelayId, SrpId } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import type { FaultCode } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import type { Random } from '#kernel/random.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import type { DialRelay } from './link.ts'

export interface RelayClient {
  /** False where nobody is logged in now (or the line is choked): nothing was sent, send it after `onReady`. */
  send(frame: Frame): boolean
  state(): RelayClientState
  /** Dials at once: the administrator's or user's word that ends `stopped`, or cuts a wait short. */
  retry(): void
  /** Closes for good; resolves when the handler of the last frame has returned. */
  close(): Promise<void>
}

export interface RelayClientState {
  /** `waiting` until `retryAtMs`; `stopped` until `retry()`. */
  readonly stage: 'connecting' | 'ready' | 'waiting' | 'stopped' | 'closed'
  readonly sinceMs: number
  /** Why it is not ready. */
  readonly code: FaultCode | null
  /** One line for the administrator; never a secret. */
  readonly detail: string
  readonly retryAtMs: number | null
}

export interface RelayHandlers<Info> {
  /** After each log-in, before any frame: repeat lists, ask again, send what waits. */
  onReady(info: Info): void | Promise<void>
  /**
   * Frames of one lane are handled one after the other, those of different lanes at once; null, or no such
   * function: one after the other with all the rest.
   */
  laneOf?(frame: Frame): string | null
  /**
   * In order, as `laneOf` says. The client acknowledges nothing by itself: send `frame_ack` for a `deliver`
   * once it is stored or rejected for good. A rejection ends the connection; unacknowledged frames come again.
   */
  onFrame(frame: Frame): Promise<void>
  onState?(state: RelayClientState): void
}

export interface ServerReady {
  /** The relay's time in Unix seconds and its generation (another than the remembered one: say all lists again). */
  readonly now: number
  readonly generation: number
  /** As announced by the relay. */
  readonly sealKeys: readonly Uint8Array[]
  /** Announced, not pinned: to be confirmed by the administrator before use. */
  readonly unconfirmedSealKeys: readonly Uint8Array[]
}

export interface DeviceReady {
  readonly pin: Pin
  readonly certificate: Uint8Array
  readonly now: number
  readonly generation: number
}

export interface RelayClientOptions<Info> {
  /** `wss://host:port`, or `ws://` on loopback; the role's path is added. */
  readonly url: string
  /** Must be the relay's own name: in its certificate, its greeting and its proofs. */
  readonly relayId: RelayId
  /** PEM of the CA that signs the relay's TLS certificate; without it the platform's roots. */
  readonly ca?: string
  readonly handlers: RelayHandlers<Info>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Another way to connect than WebSocket. */
  readonly dial?: DialRelay
}

export interface ServerConnection extends RelayClientOptions<ServerReady> {
  /**
   * Asked before each dialling: why this machine may not speak for the server any more, or null. A machine that lost
   * its lease would displace the one that holds it.
   */
  refusal?(): Promise<FaultCode | null>
  readonly srpId: SrpId
  /** 32 bytes; the relay knows only what is derived from it. */
  readonly srpKey: Uint8Array
  /** Ed25519 public keys the administrator trusts; empty takes what the relay announces. */
  readonly pinnedSealKeys: readonly Uint8Array[]
}

export interface DeviceConnection extends RelayClientOptions<DeviceReady> {
  /** Null asks for one. */
  readonly pin: Pin | null
  readonly deviceKey: Ed25519Key
  /** Shown only to a relay that no longer knows the PIN. */
  readonly certificate?: Uint8Array
}
