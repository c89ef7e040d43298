/** The route token a server answers to before it may know the PIN: only the relay that made it can open it. */

import { type Pin, parsePin } from '#kernel/brand.ts'
import { concat, fromHex, toHex, utf8 } from '#kernel/bytes.ts'
import { openBox, sealBox } from './gcm.ts'

export const routeTokenBytes = 44
const pinBytes = 4
const txnPrefixBytes = 12

/** Whom a token leads to, and the first 12 bytes of the transaction id it was made for. */
export interface Route {
  readonly pin: Pin
  readonly txnPrefix: Uint8Array
}

/** `txn` is the 16-byte transaction id; `nonce` 12 random bytes; `routeKey` 32 bytes. */
export const sealRouteToken = (
  routeKey: Uint8Array,
  nonce: Uint8Array,
  relayId: string,
  pin: Pin,
  txn: Uint8Array,
): Uint8Array =>
  sealBox(routeKey, nonce, tokenContext(relayId), concat(fromHex(pin), txn.subarray(0, txnPrefixBytes)))

/** Null where the token is not this relay's under this key (a restored relay has a new one). */
export function openRouteToken(routeKey: Uint8Array, relayId: string, token: Uint8Array): Route | null {
  if (token.length !== routeTokenBytes) return null
  const plain = openBox(routeKey, tokenContext(relayId), token)
  const pin = plain && parsePin(toHex(plain.subarray(0, pinBytes)).toUpperCase())
  return plain && pin ? { pin, txnPrefix: plain.slice(pinBytes) } : null
}

const tokenContext = (relayId: string): Uint8Array => concat(utf8('mdap1 route'), utf8(relayId))
