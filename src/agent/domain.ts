/** What one server of a domain is and may do: everything the agent needs to know of its installation. */
import type { ServerTerms } from '#activation/event.ts'
import type { Credential } from '#crypto/certificate.ts'
import type { MlKem } from '#crypto/ml-kem.ts'
import type { P256 } from '#crypto/p256.ts'
import type { RsaSign } from '#crypto/rsa-sign.ts'
import type { Pin, RelayId, SrpId } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Failpoint } from '#kernel/failpoint.ts'
import type { Log } from '#kernel/log.ts'
import type { Random } from '#kernel/random.ts'
import type { Vault } from '#kernel/vault.ts'
import type { NewDelivery } from '#store/deliveries.ts'
import type { Store } from '#store/store.ts'

export interface Domain {
  readonly organisation: string
  readonly srpId: SrpId
  readonly relayId: RelayId
  /** The relay's public seal keys that this server trusts. */
  readonly sealKeys: () => readonly Uint8Array[]
  readonly caCertificate: Uint8Array
  readonly policySigner: Credential
  readonly policySignerDer: Uint8Array
  readonly terms: ServerTerms
  readonly handheldsPerUser: number
  /** Generation and epoch under which this machine speaks. */
  readonly fence: { readonly generation: number; readonly epoch: number }
  /** Longest pause between two copies of a packet. */
  readonly resendCapMs: number
  /** A handheld that has not applied its policy for so long gets and sends no mail, calendar or sync; 0: never. */
  readonly cutOffMs: number
}

/** What the agent's parts share. */
export interface AgentEnv {
  readonly store: Store
  readonly vault: Vault
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly p256: P256
  readonly kem: MlKem
  /** Makes the domain's signatures. */
  readonly sign: RsaSign
  readonly failpoint: Failpoint
  readonly domain: Domain
  /** Where messages go on their way right after the commit that queues them; without it they wait to be found. */
  readonly outgoing?: Outgoing
  /** The Policy Service's desk as it is told that this handheld has just come into service. */
  readonly provisioned?: (pin: Pin) => Promise<void>
}

/** The courier as those who queue messages know it. */
export interface Outgoing {
  /** The delivery with its first copy's frame ids, where the relay can take it now; else as it was. */
  begun(delivery: NewDelivery): NewDelivery
  /** They are on disk. */
  queued(deliveries: readonly NewDelivery[]): void
}
