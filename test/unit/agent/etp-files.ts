// Requests as a relay seals them, and as others would like to: what a scan hands to the intake.
import assert from 'node:assert/strict'
import type { AgentEnv } from '#agent/domain.ts'
import type { FoundBatch, FoundMail } from '#agent/intake.ts'
import { ed25519Key } from '#crypto/ed25519.ts'
import { sealEtp } from '#crypto/etp-seal.ts'
import type { MailAddress, RelayId } from '#kernel/brand.ts'
import {
  type EtpBody,
  type EtpRelayPart,
  encodeEtpBody,
  encodeEtpFile,
  encodeEtpRelayPart,
} from '#protocol/etp.ts'
import * as e from '../activation/events.ts'
import type { AgentWorld } from './agent-env.ts'

export const relayKey = ed25519Key(new Uint8Array(32).fill(1))
export const stranger = ed25519Key(new Uint8Array(32).fill(2))
export const alice = 'alice@example.test' as MailAddress
const relayId = 'relay.example.test' as RelayId
const now = e.start / 1_000

export interface Forgery {
  readonly body?: Partial<EtpBody>
  readonly relayPart?: Partial<EtpRelayPart>
  readonly key?: typeof relayKey
}

export function file({ body = {}, relayPart = {}, key = relayKey }: Forgery = {}): Uint8Array {
  const bodyBytes = encodeEtpBody({
    txn: e.txn,
    address: alice,
    relayId,
    createdAt: now,
    lifeSeconds: 3_600,
    kdfProfile: 1,
    shareP: new Uint8Array(65).fill(4),
    offer: [1],
    ...body,
  })
  const relayPartBytes = encodeEtpRelayPart({
    relayId,
    mailedAt: now,
    routeToken: new Uint8Array(44),
    ...relayPart,
  })
  const seal = sealEtp(key, bodyBytes, relayPartBytes)
  return encodeEtpFile({ body: bodyBytes, relayPart: relayPartBytes, seal })
}

export const found = (uid: number, ...files: readonly Uint8Array[]): FoundMail => ({
  uid,
  receivedAtMs: e.start,
  foundBy: 'scan',
  files,
})

export const batchOf = (...mails: readonly FoundMail[]): FoundBatch => ({
  owner: alice,
  folder: 'INBOX',
  cursor: { owner: alice, folder: 'INBOX', uidValidity: 1, nextUid: 100 },
  mails,
})

/** Alice has a password (`sealed` is what is kept of it); the relay's key is trusted. */
export async function site(world: AgentWorld, sealed: Uint8Array = new Uint8Array(1)): Promise<AgentEnv> {
  const env: AgentEnv = {
    ...world.env,
    domain: { ...world.env.domain, sealKeys: () => [relayKey.publicKey] },
  }
  const userId = await env.store.users.add({ address: alice, displayName: '', aliases: [], nowMs: e.start })
  assert(userId !== null)
  const records = [{ address: alice, profile: 1, sealed }]
  const expiresAtMs = e.start + 47 * e.hour
  await env.store.users.openGrant({ userId, origin: 'generated', records, nowMs: e.start, expiresAtMs })
  return env
}
