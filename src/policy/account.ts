import type { MailAddress, SrpId } from '#kernel/brand.ts'
import type { PolicyRules } from './it-policy.ts'

/** Whose service books these are. */
export interface Account {
  readonly address: MailAddress
  readonly displayName: string
  readonly srpId: SrpId
  readonly rules: PolicyRules
}

/** A book's UID: unique and stable within the account. */
export const bookUid = (srpId: SrpId, cid: string): string => `${srpId}-${cid}`
