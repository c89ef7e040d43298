import type { MailAddress } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'

export type InvitationPart = 'instructions' | 'password'

/** `withdrawn`: the password was closed before the mail server had the mail. */
export type InvitationState = 'queued' | 'sent' | 'refused' | 'withdrawn'

/** One mail that goes out with a grant. */
export interface NewInvitation {
  readonly part: InvitationPart
  readonly to: MailAddress
  readonly language: string
  /** 32 hex digits, never used twice. */
  readonly messageId: string
  /** The password, sealed above the store; null for the instructions. */
  readonly sealed: Uint8Array | null
}

export interface Invitation extends Omit<NewInvitation, 'sealed'> {
  readonly id: number
  readonly grantId: number
  readonly state: InvitationState
  /** Tries that were put off. */
  readonly tries: number
  /** The mail server's words, or what went wrong. */
  readonly answer: string
  /** Why it is put off or was refused. */
  readonly code: FaultCode | null
  readonly queuedAtMs: number
  readonly nextAtMs: number
  readonly endedAtMs: number | null
}

/** What a queued password is sealed for. */
export const invitationContext = (messageId: string): string => `invitation/${messageId}`

export interface Ending {
  readonly state: Exclude<InvitationState, 'queued'>
  readonly answer: string
  readonly code: FaultCode | null
  readonly nowMs: number
}

/** Mails are queued by `UserStore.openGrant`, in the commit that opens the grant. */
export interface InvitationStore {
  due(nowMs: number, limit: number): Promise<Invitation[]>
  /** When the earliest queued one is due, or null where none is queued. */
  nextAtMs(): Promise<number | null>
  /** The sealed password of a mail that is queued; null afterwards. */
  sealed(id: number): Promise<Uint8Array | null>
  ofGrant(grantId: number): Promise<Invitation[]>
  /** Queued ones that were put off, and refused ones whose grant is live. */
  troubled(): Promise<{ readonly putOff: number; readonly refused: number; readonly sinceMs: number | null }>
  /** For good; the sealed password is erased. */
  end(id: number, ending: Ending): Promise<void>
  putOff(id: number, nextAtMs: number, answer: string, code: FaultCode): Promise<void>
  /** The date was set back by so much: mails that were put off go earlier by the same. */
  bringForward(byMs: number): Promise<void>
  /** The same where nobody saw by how much: what was put off for longer than any pause is is due. Returns how many were. */
  bringBack(nowMs: number, longestPauseMs: number): Promise<number>
}
