/** The exact CBOR values that the log-ins at the relay sign and authenticate (docs/protocol.md, "Relay"). */
import type { Pin, RelayId, SrpId } from '#kernel/brand.ts'
import { encodeCbor } from './cbor.ts'

/** Signed by the device key after `"mdap1 dev" ‖ 00`: CBOR [relay id, PIN or null, nonce of handheld, nonce of relay]. */
export const deviceLoginValue = (
  relayId: RelayId,
  pin: Pin | null,
  deviceNonce: Uint8Array,
  relayNonce: Uint8Array,
): Uint8Array => encodeCbor([relayId, pin, deviceNonce, relayNonce])

/** Signed by the relay's seal key after `"mdap1 pin" ‖ 00`: CBOR [relay id, PIN, device public key]. */
export const pinCertificateValue = (relayId: RelayId, pin: Pin, publicKey: Uint8Array): Uint8Array =>
  encodeCbor([relayId, pin, publicKey])

/** T of the server log-in: CBOR [SRP id, relay id, nonce of server, nonce of relay]; the MACs put "R" or "S" before it. */
export const srpLoginValue = (
  srpId: SrpId,
  relayId: RelayId,
  serverNonce: Uint8Array,
  relayNonce: Uint8Array,
): Uint8Array => encodeCbor([srpId, relayId, serverNonce, relayNonce])
