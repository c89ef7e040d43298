import type { Clock } from '#kernel/clock.ts'
import type { Failpoint } from '#kernel/failpoint.ts'
import type { Log } from '#kernel/log.ts'
import type { Random } from '#kernel/random.ts'
import type { Vault } from '#kernel/vault.ts'
import type { RelayStore } from '#store/relay.ts'
import type { Acknowledger } from './acknowledger.ts'
import type { Admission } from './admission.ts'
import type { RelayIdentity } from './identity.ts'
import type { PostOffice } from './post-office.ts'
import type { Sessions } from './sessions.ts'
import type { RelaySettings } from './settings.ts'

/** The edge as the relay needs it. */
export interface RelayEnv {
  readonly store: RelayStore
  readonly vault: Vault
  readonly identity: RelayIdentity
  readonly settings: RelaySettings
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly failpoint: Failpoint
}

/** What all connections share. */
export interface RelayHub extends RelayEnv {
  readonly sessions: Sessions
  readonly admission: Admission
  readonly acknowledger: Acknowledger
  readonly postOffice: PostOffice
}
