import type { Pin } from '#kernel/brand.ts'
import type { Rollover } from '#rollover/rollover.ts'

/** A rollover with what goes out for it. */
export interface KeptRollover extends Rollover {
  /** Rises with each change; 0 where there is none yet. */
  readonly version: number
  /** The secrets behind the server's offer, sealed above the store; null once they have done their work. */
  readonly sealed: Uint8Array | null
  /** Encoded payloads that the handheld may ask for again. */
  readonly answerPayload: Uint8Array | null
  readonly checkPayload: Uint8Array | null
  readonly donePayload: Uint8Array | null
}

/** The row as it is from now on; `before` guards against a second writer. */
export interface RolloverChange {
  readonly before: Pick<KeptRollover, 'version' | 'newKid'> | null
  readonly next: Omit<KeptRollover, 'version'>
}

export interface DueTerms {
  /** Current keys that are older are due. */
  readonly madeBeforeMs: number
  readonly limit: number
}

export interface RolloverStore {
  of(pin: Pin): Promise<KeptRollover | null>
  /** All that are under way. */
  unfinished(): Promise<KeptRollover[]>
  list(): Promise<KeptRollover[]>
  /** Active handhelds whose key is too old, has sealed too much, or is to be rolled over by an administrator's word. */
  due(terms: DueTerms): Promise<Pin[]>
  /** Roll these over as soon as may be; returns for how many there is a key. */
  want(pins: readonly Pin[], nowMs: number): Promise<number>
  /** Whether this id belongs to a key of the handheld, or did. */
  isUsed(pin: Pin, kid: number): Promise<boolean>
}
