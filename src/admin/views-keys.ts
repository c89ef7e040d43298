import type { MailAddress, Pin } from '#kernel/brand.ts'
import type { Turn } from '#kernel/fault.ts'
import type { RolloverPhase } from '#rollover/rollover.ts'

/** The master key of one handheld, and the rollover that is under way. The key itself is shown nowhere. */
export interface KeyView {
  readonly pin: Pin
  readonly user: MailAddress | null
  readonly kid: number
  readonly algorithm: 'AES' | '3DES'
  /** The algorithm is not the one this server would choose now: it changes when the handheld activates anew. */
  readonly otherAlgorithm: boolean
  /** The algorithm is among those that this server takes at all. */
  readonly configured: boolean
  /** ML-KEM-768 has a part in it. */
  readonly hybrid: boolean
  readonly currentSinceMs: number
  /** When the server begins a rollover, if the handheld has not. */
  readonly nextRolloverAtMs: number
  /** An administrator has asked for one. */
  readonly wanted: boolean
  readonly rollover: RolloverView | null
}

export interface RolloverView {
  readonly phase: RolloverPhase
  readonly begunBy: 'server' | 'handheld'
  readonly turn: Turn
  readonly newKid: number
  readonly startedAtMs: number
  /** Since when it stands where it stands. */
  readonly sinceMs: number
}

export interface WantedRollovers {
  /** Those whose keys are rolled over now. */
  readonly pins: readonly Pin[]
}

export interface RotatedStorageKey {
  /** How many values were sealed anew. */
  readonly rows: number
}

/** A certificate of the domain; its key outlives it. */
export interface CertificateView {
  readonly what: string
  readonly subject: string
  readonly sinceMs: number
  readonly untilMs: number
  /** From then on the server makes a new one, at its start or within a day. */
  readonly renewedFromMs: number
  /** In words, where it has another name than `[server] organisation` says now. */
  readonly remark: string | null
}
