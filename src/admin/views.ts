/** What administrators are shown: plain data that crosses the admin socket and the API as JSON, times in ms. */
import type { Stage } from '#activation/activation.ts'
import type { Explanation } from '#activation/explain.ts'
import type { GrantState } from '#activation/grant.ts'
import type { Remark } from '#activation/remarks.ts'
import type { Hop } from '#activation/timeline.ts'
import type { ActivationId, MailAddress, Pin, SrpId } from '#kernel/brand.ts'
import type { FaultCode, Turn } from '#kernel/fault.ts'
import type { AccountState, Provisioned } from '#store/handhelds.ts'
import type { InvitationPart, InvitationState } from '#store/invitations.ts'
import type { User } from '#store/users.ts'
import type { PolicyTimes } from './policy/times.ts'
import type { QueueItemView } from './policy/views.ts'

/** An activation password as it stands; the password itself is kept nowhere. */
export interface PasswordView {
  readonly state: GrantState
  readonly origin: 'generated' | 'typed'
  readonly createdAtMs: number
  readonly expiresAtMs: number
  /** When it begins to work; null where it did at once. */
  readonly notBeforeMs: number | null
  /** Wrong proofs each handheld may send. */
  readonly triesPerHandheld: number
  /** The only handheld that may use it, where one was named. */
  readonly boundTo: Pin | null
  readonly claimedBy: Pin | null
  readonly wrongTries: number
  /** So many wrong tries that each handheld needs an approval. */
  readonly guarded: boolean
  readonly closedAtMs: number | null
}

export interface UserView {
  readonly address: MailAddress
  readonly displayName: string
  readonly aliases: readonly MailAddress[]
  readonly organisation: string
  /** Names of the user's groups. */
  readonly groups: readonly string[]
  /** Null while the user is enabled. */
  readonly disabled: User['disabled']
  /** Whether mail goes on to the handheld. */
  readonly redirect: boolean
  /** The distinguished name of the entry that speaks for the user; null where an administrator made the user. */
  readonly directory: string | null
  readonly createdAtMs: number
  /** The newest one, live or not; null where none was ever set. */
  readonly password: PasswordView | null
}

/** A handheld that has asked to activate under a password. */
export interface SeenHandheld {
  readonly pin: Pin
  readonly atMs: number
  readonly wrongTries: number
  readonly approved: boolean
  /** Its proof waits for an approval. */
  readonly waiting: boolean
}

/** A password under which each handheld needs an approval: who has tried, the newest hundred. */
export interface GuardView {
  readonly wrongTries: number
  readonly seen: readonly SeenHandheld[]
}

export interface ApprovedHandheld {
  readonly address: MailAddress
  readonly pin: Pin
  /** Proofs of it that waited, and are judged now. */
  readonly waiting: number
}

export interface UserDetail extends UserView {
  /** Whether the password of the user's mailbox at the site's mail server is kept; itself it is never shown. */
  readonly mailboxPassword: boolean
  /** Those of the newest password. */
  readonly mails: readonly InvitationView[]
  /** Newest first. */
  readonly activations: readonly ActivationView[]
  readonly handhelds: readonly HandheldView[]
  /** Null where the password is not guarded. */
  readonly guard: GuardView | null
}

/** A password that was just made; shown once. */
export interface IssuedPassword {
  readonly address: MailAddress
  /** In groups of four with hyphens; null where an administrator typed it. */
  readonly password: string | null
  readonly expiresAtMs: number
  readonly notBeforeMs: number | null
  /** What its QR code holds; null where the password is. */
  readonly code: string | null
  /** Every address with which the user may activate. */
  readonly addresses: readonly MailAddress[]
  /** Whether an older live password stopped working. */
  readonly replaced: boolean
  /** Handhelds whose place the activation takes, where it is of none of them. */
  readonly givingWay: readonly Pin[]
  /** Mails that were queued with it. */
  readonly mailedTo: readonly Pick<InvitationView, 'part' | 'to'>[]
}

/** A mail that brings the instructions or the password. */
export interface InvitationView {
  readonly part: InvitationPart
  readonly to: MailAddress
  readonly state: InvitationState
  /** Why it waits or was refused. */
  readonly code: FaultCode | null
  /** The mail server's words. */
  readonly answer: string
  /** Tries that were put off. */
  readonly tries: number
  readonly queuedAtMs: number
  /** When it is tried next; null where it has ended. */
  readonly nextAtMs: number | null
  readonly endedAtMs: number | null
}

export interface ActivationView {
  readonly id: ActivationId
  readonly address: MailAddress
  readonly pin: Pin | null
  readonly stage: Stage
  readonly code: FaultCode | null
  readonly says: string
  readonly turn: Turn | 'nobody'
  readonly startedAtMs: number
  /** When it came to stand where it stands. */
  readonly sinceMs: number
  readonly ended: boolean
}

export interface ActivationDetail extends ActivationView {
  readonly user: MailAddress | null
  readonly model: string | null
  readonly software: string | null
  readonly algorithm: 'AES' | '3DES' | null
  readonly mailbox: string | null
  readonly policyNumber: number | null
  readonly booksNumber: number | null
  readonly supersededBy: ActivationId | null
}

export interface ExplainedActivation {
  readonly address: MailAddress
  /** Null where the user has no activation yet: the explanation then speaks of the password. */
  readonly activation: ActivationView | null
  readonly explanation: Omit<Explanation, 'stage'>
  /** What went otherwise than it should, and did not stop it. */
  readonly remarks: readonly Remark[]
  readonly timeline: readonly Hop[]
  /** Mails of the user's newest password. */
  readonly mails: readonly InvitationView[]
  /** Null where the password is not guarded. */
  readonly guard: GuardView | null
}

/** Numbers of the policy or set last sent and last applied, and what of that was left out. */
export type ProvisionedView = Omit<Provisioned, 'digest'>

export interface HandheldView {
  readonly pin: Pin
  readonly user: MailAddress | null
  readonly state: AccountState
  /** The handheld that took its place, where that is known. */
  readonly replacedBy: Pin | null
  /** When it took the newest lock that was ordered here; whether it was opened since nobody is told. */
  readonly lockTakenAtMs: number | null
  readonly model: string
  readonly software: string
  readonly activatedAtMs: number
  readonly heardAtMs: number
  readonly policy: ProvisionedView
  readonly books: ProvisionedView
}

export interface LockView {
  readonly takenAtMs: number
  /** Of the queue. */
  readonly item: number
  /** As the audit log names who; null: it holds no line of it. */
  readonly orderedBy: string | null
  /** Without one anybody opens it. */
  readonly hasPassword: boolean
}

export interface HandheldDetail extends HandheldView {
  readonly platform: string
  readonly deviceKey: string
  readonly activation: ActivationId
  readonly algorithm: 'AES' | '3DES' | null
  readonly masterKeyMadeAtMs: number | null
  /** The number of its current key; null: it has none. */
  readonly masterKeyId: number | null
  /** ML-KEM-768 has a part in that key. */
  readonly hybrid: boolean
  /** The strongest policy that reaches its user; null: it works for nobody. */
  readonly policyName: string | null
  readonly policyTimes: PolicyTimes
  /** It has not applied its policy for too long, and gets no mail, calendar or sync. */
  readonly isCutOff: boolean
  /** What it should have and does not; null: nothing. */
  readonly policyOwed: QueueItemView | null
  readonly booksOwed: QueueItemView | null
  readonly lock: LockView | null
  /** When a wipe that it has taken will have been carried out; null: none is to come. */
  readonly wipeAtMs: number | null
  /** The item by which it was told to forget that wipe, and which it has not answered. */
  readonly wipeRecall: number | null
  /** When it took the wipe that ended its account; null: none did, or that is forgotten. */
  readonly wipedAtMs: number | null
  /** What is queued for it and not done with, the newest first. */
  readonly queue: readonly QueueItemView[]
  /** Messages on their way to it. */
  readonly waiting: number
}

export interface SrpView {
  readonly srpId: SrpId
  readonly domains: readonly string[]
  readonly suspendedBecause: string | null
  readonly createdAtMs: number
}

/** A server's key at the relay; shown once. */
export interface IssuedSrpKey extends SrpView {
  /** 64 hex digits. */
  readonly srpKey: string
}

export type Health = 'broken' | 'attention' | 'ok'

/** One thing that was looked at for `status`. */
export interface Check {
  readonly name: string
  readonly health: Health
  readonly says: string
  readonly code: FaultCode | null
  readonly next: string | null
  readonly sinceMs: number | null
}

export interface Status {
  /** The worst of all checks. */
  readonly health: Health
  /** What is broken first. */
  readonly checks: readonly Check[]
  readonly counts: {
    readonly users: number
    readonly passwordsOpen: number
    readonly activationsOpen: number
    readonly handhelds: number
  }
}

/** What the doctor says, in its order: what it looks at now, what it found, and how far the canary came. */
export type DoctorNote =
  | { readonly kind: 'looking'; readonly at: string }
  | { readonly kind: 'check'; readonly check: Check }
  /** `tookMs`: since the hop before; null for the first, and for one that was not reached. */
  | { readonly kind: 'hop'; readonly check: Check; readonly tookMs: number | null }

export interface MigrationResult {
  /** The versions applied now. */
  readonly applied: readonly number[]
  readonly version: number
}

export interface BackupResult {
  readonly path: string
  readonly bytes: number
}

export interface VerifyResult {
  readonly good: boolean
  readonly problems: readonly string[]
}
