/** Secrets between parts of one installation: made once, sealed in the store, never seen by a person. */
import { fromHex, toHex } from '#kernel/bytes.ts'
import { Fault } from '#kernel/fault.ts'
import type { Base } from './base.ts'

type SecretName = 'imap_service_password' | `srp_key/${string}`

/** 32 random bytes under `name`, the same for every role and start. @throws Fault storage_key.wrong */
export async function ownSecret(base: Base, name: SecretName): Promise<Uint8Array> {
  const context = `secret/${name}`
  const kept = await base.store.installation.find(context)
  const sealed =
    kept ??
    (await base.store.installation.keepFirst(context, base.vault.seal(context, base.random.bytes(32))))
  const plain = base.vault.open(context, sealed)
  if (!plain) throw new Fault('storage_key.wrong', name)
  return plain
}

/** The embedded IMAP server's word for the agent. */
export const serviceAccountPassword = async (base: Base): Promise<string> =>
  toHex(await ownSecret(base, 'imap_service_password'))

export const ownSrpKey = (base: Base): Promise<Uint8Array> =>
  ownSecret(base, `srp_key/${base.config.relay_client.srp_id}`)

/** A 32-byte key from a file that holds 64 hex digits. @throws Fault config.invalid */
export function keyFromHex(text: string, path: string): Uint8Array {
  if (!/^[0-9a-fA-F]{64}$/.test(text))
    throw new Fault('config.invalid', `${path} does not hold 64 hex digits`)
  return fromHex(text)
}
