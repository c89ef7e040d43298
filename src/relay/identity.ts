/** Who the relay is: its name, generation, seal key and route key, opened from the store or made at the first start. */
import { type Ed25519Key, ed25519Key, ed25519KeyBytes } from '#crypto/ed25519.ts'
import { signPinCertificate } from '#crypto/login.ts'
import { openRouteToken, type Route, sealRouteToken } from '#crypto/route-token.ts'
import type { ActivationId, Pin, RelayId } from '#kernel/brand.ts'
import { fromHex } from '#kernel/bytes.ts'
import { Fault } from '#kernel/fault.ts'
import type { Random } from '#kernel/random.ts'
import type { Vault } from '#kernel/vault.ts'
import { pinCertificateValue } from '#protocol/login-value.ts'
import type { RelayIdentityRow, RelayStore } from '#store/relay.ts'

export interface RelayIdentity {
  readonly relayId: RelayId
  readonly generation: number
  readonly restoredAtMs: number | null
  readonly sealKey: Ed25519Key
  /** The present one first, then every earlier one: certificates verify under each. */
  readonly sealPublicKeys: readonly Uint8Array[]
  certify(pin: Pin, publicKey: Uint8Array): Uint8Array
  makeToken(pin: Pin, txn: ActivationId): Uint8Array
  openToken(token: Uint8Array): Route | null
}

interface IdentityEnv {
  readonly store: RelayStore
  readonly vault: Vault
  readonly random: Random
  readonly nowMs: number
}

export const sealContext = 'relay seal key'
export const routeContext = 'relay route key'
const routeKeyBytes = 32
const nonceBytes = 12

/**
 * The identity kept in the store; at the first start it is made and kept.
 * @throws Fault storage_key.wrong; config.invalid where the store belongs to a relay of another name
 */
export async function ensureRelayIdentity(env: IdentityEnv, relayId: RelayId): Promise<RelayIdentity> {
  const row =
    (await env.store.findIdentity()) ?? (await env.store.keepFirstIdentity(fresh(env, relayId), env.nowMs))
  if (row.relayId !== relayId)
    throw new Fault('config.invalid', `this database belongs to the relay ${row.relayId}, not ${relayId}`)
  return opened(env, row)
}

/**
 * After a restore from a backup, before the relay starts: a higher generation makes everybody say their lists
 * again, and under a new route key no token from after the backup leads anywhere wrong.
 * @returns the new generation
 */
export function raiseGeneration(env: IdentityEnv): Promise<number> {
  return env.store.raiseGeneration(newRouteKeySealed(env), env.nowMs)
}

export const newRouteKeySealed = ({ vault, random }: Pick<IdentityEnv, 'vault' | 'random'>): Uint8Array =>
  vault.seal(routeContext, random.bytes(routeKeyBytes))

function fresh({ vault, random }: IdentityEnv, relayId: RelayId): RelayIdentityRow {
  const seed = random.bytes(ed25519KeyBytes)
  return {
    relayId,
    generation: 1,
    routeKeySealed: newRouteKeySealed({ vault, random }),
    restoredAtMs: null,
    sealKeys: [{ publicKey: ed25519Key(seed).publicKey, seedSealed: vault.seal(sealContext, seed) }],
  }
}

function opened({ vault, random }: IdentityEnv, row: RelayIdentityRow): RelayIdentity {
  const { relayId, generation, restoredAtMs, sealKeys } = row
  const seed = sealKeys[0] && vault.open(sealContext, sealKeys[0].seedSealed)
  const routeKey = vault.open(routeContext, row.routeKeySealed)
  if (!seed || !routeKey) throw new Fault('storage_key.wrong', "the relay's keys do not open")
  const sealKey = ed25519Key(seed)
  return {
    relayId,
    generation,
    restoredAtMs,
    sealKey,
    sealPublicKeys: sealKeys.map(({ publicKey }) => publicKey),
    certify: (pin, publicKey) => signPinCertificate(sealKey, pinCertificateValue(relayId, pin, publicKey)),
    makeToken: (pin, txn) => sealRouteToken(routeKey, random.bytes(nonceBytes), relayId, pin, fromHex(txn)),
    openToken: (token) => openRouteToken(routeKey, relayId, token),
  }
}
