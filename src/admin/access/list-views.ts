/** What administrators are shown of the access list. */
import type { AccessRule, AccessVerdict } from '#activation/access.ts'
import type { Pin } from '#kernel/brand.ts'

export interface AccessRuleView {
  readonly kind: AccessRule['kind']
  /** A PIN, a range as `2100A000-2100AFFF`, or maker and model as they were written. */
  readonly value: string
  readonly verdict: AccessVerdict
  readonly createdAtMs: number
}

export interface AccessListView {
  /** What holds where no rule fits. */
  readonly fallback: AccessVerdict
  /** PINs first, then ranges, models and makers. */
  readonly rules: readonly AccessRuleView[]
}

/** What would become of a handheld that activates now. */
export interface AccessCheckView {
  readonly pin: Pin
  readonly device: string | null
  readonly verdict: AccessVerdict
  /** The rule that decides, in the words of `explain`. */
  readonly rule: string
  /** A PIN is known before its proof is looked at, maker and model only from it. */
  readonly when: 'before_proof' | 'after_proof'
  /** No maker and model were given, and rules about them could decide otherwise. */
  readonly dependsOnDevice: boolean
}
