/** What the relay's operator does: servers, their domains, suspensions. For the command line, at any time. */
import type { RelayId, SrpId } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import type { Vault } from '#kernel/vault.ts'
import type { RelayName, RelayServerRow, RelayStore } from '#store/relay.ts'
import { loginKeyOf } from './srp-login.ts'

export interface ServerRegistration {
  readonly srpId: SrpId
  /** K, 32 bytes; `registerServerBySrpKey` derives it. */
  readonly loginKey: Uint8Array
  readonly domains: readonly string[]
}

export interface RegisteredServer {
  readonly srpId: SrpId
  readonly domains: readonly string[]
  readonly suspendedBecause: string | null
  readonly createdAtMs: number
}

export const loginKeyContext = (srpId: SrpId): string => `relay login key ${srpId}`

/** Adds a server, or gives a known one another key and other domains (lower-case A-labels). */
export async function registerServer(
  { store, vault, nowMs }: { readonly store: RelayStore; readonly vault: Vault; readonly nowMs: number },
  { srpId, loginKey, domains }: ServerRegistration,
): Promise<void> {
  await store.putServer(srpId, vault.seal(loginKeyContext(srpId), loginKey), domains, nowMs)
}

/** As `registerServer`, from the SRP key itself (32 bytes), which the relay does not keep. */
export const registerServerBySrpKey = (
  env: { readonly store: RelayStore; readonly vault: Vault; readonly nowMs: number },
  server: Omit<ServerRegistration, 'loginKey'> & { readonly srpKey: Uint8Array; readonly relayId: RelayId },
): Promise<void> =>
  registerServer(env, { ...server, loginKey: loginKeyOf(server.srpKey, server.relayId, server.srpId) })

export async function listServers(store: RelayStore): Promise<RegisteredServer[]> {
  return (await store.listServers()).map(withoutKey)
}

function withoutKey({ srpId, domains, suspendedBecause, createdAtMs }: RelayServerRow): RegisteredServer {
  return { srpId, domains, suspendedBecause, createdAtMs }
}

/** @throws Fault srp.unknown (or handheld.unknown) */
export async function suspendName(store: RelayStore, name: RelayName, because: string): Promise<void> {
  if (!(await store.suspend(name, because))) throw unknown(name)
}

/** Lifts a suspension. @throws Fault srp.unknown (or handheld.unknown) */
export async function resumeName(store: RelayStore, name: RelayName): Promise<void> {
  if (!(await store.suspend(name, null))) throw unknown(name)
}

/** Lifts a server's suspension. @throws Fault srp.unknown */
export const resumeServer = (store: RelayStore, srpId: SrpId): Promise<void> => resumeName(store, srpId)

const unknown = (name: RelayName): Fault =>
  new Fault(name.startsWith('S') ? 'srp.unknown' : 'handheld.unknown', name)
