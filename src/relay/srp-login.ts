/**
 * A server's log-in, both sides of it, as pure steps (docs/protocol.md, "Relay"): each proves to the other that it
 * has K, the relay first. A name the relay does not know gets a proof under a throw-away key, so that names cannot
 * be tried out.
 */
import { srpLoginKey, srpProof, verifySrpProof } from '#crypto/login.ts'
import type { RelayId, SrpId } from '#kernel/brand.ts'
import { srpLoginValue } from '#protocol/login-value.ts'
import type { Frame, SrpAuth, SrpHello, SrpNonce } from '#protocol/relay-frame.ts'
import { closeCode } from './link.ts'

/** The relay's side, once the hello is there and the key looked up. */
export interface SrpLogin {
  readonly hello: SrpHello
  readonly nonce: Uint8Array
  /** K, or a random one where the name is unknown. */
  readonly loginKey: Uint8Array
  readonly known: boolean
}

export const greetServer = ({ hello, nonce, loginKey }: SrpLogin, relayId: RelayId): SrpNonce => ({
  type: 'srp_nonce',
  relayId,
  nonce,
  mac: srpProof(loginKey, 'relay', srpLoginValue(hello.srpId, relayId, hello.nonce, nonce)),
})

/** The close code, or null where the server has proved itself. */
export function judgeServer(login: SrpLogin, frame: Frame, relayId: RelayId): number | null {
  if (frame.type !== 'srp_auth') return closeCode.malformed
  const transcript = srpLoginValue(login.hello.srpId, relayId, login.hello.nonce, login.nonce)
  const proved = verifySrpProof(login.loginKey, 'server', transcript, frame.mac)
  return proved && login.known ? null : closeCode.loginFailed
}

/** The server's side: its proof, or null where the relay's name or proof is wrong. */
export function answerServerNonce(
  hello: SrpHello,
  { relayId, nonce, mac }: SrpNonce,
  expected: RelayId,
  srpKey: Uint8Array,
): SrpAuth | null {
  if (relayId !== expected) return null
  const loginKey = srpLoginKey(srpKey, relayId, hello.srpId)
  const transcript = srpLoginValue(hello.srpId, relayId, hello.nonce, nonce)
  if (!verifySrpProof(loginKey, 'relay', transcript, mac)) return null
  return { type: 'srp_auth', mac: srpProof(loginKey, 'server', transcript) }
}

/** K as the relay keeps it: made once from the SRP key, which is then forgotten. */
export const loginKeyOf = (srpKey: Uint8Array, relayId: RelayId, srpId: SrpId): Uint8Array =>
  srpLoginKey(srpKey, relayId, srpId)
