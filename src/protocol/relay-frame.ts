/** The frames of the relay's WebSocket: one binary message is exactly one frame (docs/protocol.md, "Relay"). */
import type { ActivationId, MailAddress, Pin, RelayId, SrpId } from '#kernel/brand.ts'

/** First frame of a handheld. Null asks for a PIN; `certificate` is shown after a close with 4404. */
export interface DevHello {
  readonly type: 'dev_hello'
  readonly pin: Pin | null
  readonly publicKey: Uint8Array
  readonly nonce: Uint8Array
  readonly certificate?: Uint8Array
}
export interface RelayNonce {
  readonly type: 'relay_nonce'
  readonly relayId: RelayId
  readonly nonce: Uint8Array
}
export interface DevAuth {
  readonly type: 'dev_auth'
  readonly signature: Uint8Array
}
/** `now` in Unix seconds by the relay's clock; `generation` rises with each restore of the relay. */
export interface DevOk {
  readonly type: 'dev_ok'
  readonly pin: Pin
  readonly now: number
  readonly generation: number
  readonly certificate: Uint8Array
}
export interface SrpHello {
  readonly type: 'srp_hello'
  readonly srpId: SrpId
  readonly nonce: Uint8Array
}
export interface SrpNonce {
  readonly type: 'srp_nonce'
  readonly relayId: RelayId
  readonly nonce: Uint8Array
  readonly mac: Uint8Array
}
export interface SrpAuth {
  readonly type: 'srp_auth'
  readonly mac: Uint8Array
}
export interface SrpOk {
  readonly type: 'srp_ok'
  readonly sealKeys: readonly Uint8Array[]
  readonly now: number
  readonly generation: number
}
/** Mail domains this server serves. */
export interface SrpDomains {
  readonly type: 'srp_domains'
  readonly domains: readonly string[]
}
/** A handheld asks for its ETP body to be mailed; `body` is kept as bytes, for they are hashed. */
export interface MailAsk {
  readonly type: 'mail_ask'
  readonly body: Uint8Array
}
/** `status` is one of `mailDoneStatus`; `now` comes with status `clock`. */
export interface MailDone {
  readonly type: 'mail_done'
  readonly txn: ActivationId
  readonly status: number
  readonly now?: number
}
/** The servers a handheld will hear: the whole list. */
export interface DevPeers {
  readonly type: 'dev_peers'
  readonly srpIds: readonly SrpId[]
}
/** Handhelds a server serves from now on. */
export interface SrpServe {
  readonly type: 'srp_serve'
  readonly pins: readonly Pin[]
}
export interface SrpDrop {
  readonly type: 'srp_drop'
  readonly pins: readonly Pin[]
}
/** Answer to `srp_domains`: those the operator allows. */
export interface DomainsOk {
  readonly type: 'domains_ok'
  readonly domains: readonly string[]
}
/**
 * `payload` is an encoded payload. The grammar bounds neither it nor `ttlSeconds`: the relay answers
 * what is over its limits with a receipt `malformed`, so that the sender learns of it.
 */
export interface Send {
  readonly type: 'send'
  readonly mid: Uint8Array
  readonly to: Destination
  readonly ttlSeconds: number
  readonly payload: Uint8Array
  readonly fence?: Fence
}
export interface Deliver {
  readonly type: 'deliver'
  readonly mid: Uint8Array
  readonly from: Source
  readonly payload: Uint8Array
}
export interface FrameAck {
  readonly type: 'frame_ack'
  readonly mid: Uint8Array
}
/** `status` is one of `receiptStatus`; `pin` says who stands behind a route token. */
export interface Receipt {
  readonly type: 'receipt'
  readonly mid: Uint8Array
  readonly status: number
  readonly pin?: Pin
}
/** "Look at this mailbox now": gives no right and may be lost. */
export interface Hint {
  readonly type: 'hint'
  readonly txn: ActivationId
  readonly address: MailAddress
}

export type Source =
  | { readonly kind: 'handheld'; readonly pin: Pin }
  | { readonly kind: 'server'; readonly srpId: SrpId }
export type Destination = Source | { readonly kind: 'token'; readonly token: Uint8Array }

/** Generation and epoch of the lease under which a frame was decided; compared as a pair. */
export interface Fence {
  readonly generation: number
  readonly epoch: number
}

export type Frame =
  | DevHello
  | RelayNonce
  | DevAuth
  | DevOk
  | SrpHello
  | SrpNonce
  | SrpAuth
  | SrpOk
  | SrpDomains
  | MailAsk
  | MailDone
  | DevPeers
  | SrpServe
  | SrpDrop
  | DomainsOk
  | Send
  | Deliver
  | FrameAck
  | Receipt
  | Hint
export type FrameType = Frame['type']
