/**
 * A key rollover as one side of it keeps it (docs/protocol.md, "Key rollover"). The proposer asks three times (offer,
 * key check, done) and the other side answers each; who asked repeats, who was asked says the same again.
 */
import type { ActivationId, Pin } from '#kernel/brand.ts'

/**
 * `offered`: the proposer waits for the answer. `answered`: the other side waits for the first key check. `checking`:
 * the proposer waits for the second one. `switched`: the new key is current, the old one previous. `ended`: the old key
 * is erased. `given_up`: the new key never came to be, and its id is not used again.
 */
export type RolloverPhase = 'offered' | 'answered' | 'checking' | 'switched' | 'ended' | 'given_up'

export interface Rollover {
  readonly pin: Pin
  /** The activation whose account the keys belong to. */
  readonly txn: ActivationId
  /** What this server is in it. */
  readonly side: 'proposer' | 'other'
  readonly phase: RolloverPhase
  readonly oldKid: number
  readonly newKid: number
  /** Content of OTAKEYGEN 2 and 3 as sent; null before there is an answer. */
  readonly offer: Uint8Array
  readonly answer: Uint8Array | null
  /** Number of the packet in which the handheld's half came; null before. A half with a lower one is an older word. */
  readonly heardSeq: number | null
  readonly doneSent: boolean
  readonly doneSeen: boolean
  /** By the server's clock, when it began and when it came to its phase. */
  readonly startedAtMs: number
  readonly phaseAtMs: number
}

const unfinished: readonly RolloverPhase[] = ['offered', 'answered', 'checking', 'switched']

export const isUnfinished = ({ phase }: Rollover): boolean => unfinished.includes(phase)

/** The same in another phase. */
export const inPhase = (rollover: Rollover, phase: RolloverPhase, nowMs: number): Rollover => ({
  ...rollover,
  phase,
  phaseAtMs: nowMs,
})
