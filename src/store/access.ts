import type { AccessRule } from '#activation/access.ts'
import type { Pin } from '#kernel/brand.ts'

/** A rule as it is kept. */
export interface KeptAccessRule {
  readonly rule: AccessRule
  /** As the administrator wrote it. */
  readonly shown: string
  readonly createdAtMs: number
}

export interface AccessStore {
  /** Keeps the first of two equal rules; returns what is kept. */
  deny(rule: AccessRule, shown: string, nowMs: number): Promise<KeptAccessRule>
  /** Null where there is no such rule. */
  allow(rule: AccessRule): Promise<KeptAccessRule | null>
  /** PINs first, each kind in order. */
  list(): Promise<KeptAccessRule[]>
  deniesPin(pin: Pin): Promise<boolean>
  /** The words of every model rule. */
  deniedModels(): Promise<string[]>
}
