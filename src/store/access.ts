import type { AccessList, AccessRule, AccessSubject, AccessVerdict } from '#activation/access.ts'
import type { Pin } from '#kernel/brand.ts'

/** A rule as it is kept. */
export interface KeptAccessRule {
  readonly rule: AccessRule
  /** As the administrator wrote it. */
  readonly shown: string
  readonly createdAtMs: number
}

export interface AccessStore {
  /** In the place of an earlier rule about the same; returns what is kept. */
  put(rule: AccessRule, shown: string, nowMs: number): Promise<KeptAccessRule>
  /** Null where there is no such rule. */
  remove(subject: AccessSubject): Promise<KeptAccessRule | null>
  setFallback(verdict: AccessVerdict, nowMs: number): Promise<void>
  /** What holds where no rule fits; `allow` until it is set. */
  fallback(): Promise<AccessVerdict>
  /** PINs first, then ranges, models and makers, each kind in order. */
  list(): Promise<KeptAccessRule[]>
  /** Of the rules about PINs only those that fit this one. */
  concerning(pin: Pin): Promise<AccessList>
}
