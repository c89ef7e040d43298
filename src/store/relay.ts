import type { ActivationId, MailAddress, Pin, RelayId, SrpId } from '#kernel/brand.ts'

/** A frame's end as it is kept: the two forms never overlap. */
export type RelayName = Pin | SrpId

export interface RelaySealKeyRow {
  readonly publicKey: Uint8Array
  readonly seedSealed: Uint8Array
}

export interface RelayIdentityRow {
  readonly relayId: RelayId
  /** Raised at each restore. */
  readonly generation: number
  readonly routeKeySealed: Uint8Array
  readonly restoredAtMs: number | null
  /** Newest first; the first one seals, the others only verify certificates. */
  readonly sealKeys: readonly RelaySealKeyRow[]
}

export interface RelayServerRow {
  readonly srpId: SrpId
  /** K of the log-in, sealed: never the SRP key itself. */
  readonly loginKeySealed: Uint8Array
  /** The mail domains the operator allows. */
  readonly domains: readonly string[]
  /** Why the operator or a rule suspended the name, or null. */
  readonly suspendedBecause: string | null
  readonly createdAtMs: number
}

export interface RelayDeviceRow {
  readonly pin: Pin
  readonly publicKey: Uint8Array
  /** The network it enrolled from, as the enrolment limit counts. */
  readonly network: string
  readonly enrolledAtMs: number
  readonly suspendedBecause: string | null
}

export interface Enrolment {
  readonly publicKey: Uint8Array
  /** Random PINs, tried in order; a PIN once given is never given again. */
  readonly candidates: readonly Pin[]
  readonly network: string
  readonly nowMs: number
}

/** Whom a send is between; of a token, the PIN it leads to. `txnPrefix` only where `to` was a token. */
export interface SendAsk {
  readonly sender: RelayName
  readonly mid: Uint8Array
  readonly pin: Pin
  readonly srpId: SrpId
  readonly toDevice: boolean
  readonly txnPrefix: Uint8Array | null
}

export interface FenceRow {
  readonly generation: number
  readonly epoch: number
}

export interface KnownMid {
  readonly contentHash: Uint8Array
  /** Present receipt status. */
  readonly status: number
  /** Who stood behind the token it was sent to. */
  readonly tokenPin: Pin | null
}

export interface TokenRow {
  readonly txn: ActivationId
  readonly owner: SrpId | null
  readonly framesUsed: number
  readonly expiresAtMs: number
  /** Whether the operator lets the asking server use tokens of this mail domain. */
  readonly allowed: boolean
}

export interface QueueRow {
  readonly frames: number
  readonly bytes: number
}

/** Everything the decision about one send needs. */
export interface SendRows {
  readonly known: KnownMid | null
  /** Both names exist and neither is suspended. */
  readonly namesGood: boolean
  readonly deviceLists: boolean
  /** Listed, or the server owns a token of that PIN which is still open. */
  readonly serverLists: boolean
  readonly token: TokenRow | null
  readonly fence: FenceRow | null
  /** What waits for (or from) that PIN in this direction. */
  readonly queue: QueueRow
}

export interface TokenUse {
  readonly txn: ActivationId
  readonly framesUsedBefore: number
  readonly ownerBefore: SrpId | null
  readonly owner: SrpId | null
}

/** One accepted send. It is refused (null) where mid, fence or token changed since the rows were read. */
export interface SendWrite {
  readonly ask: SendAsk
  readonly receiver: RelayName
  readonly contentHash: Uint8Array
  readonly payload: Uint8Array
  readonly fence: FenceRow | null
  readonly token: TokenUse | null
  readonly expiresAtMs: number
  readonly rememberUntilMs: number
}

export interface QueuedFrame {
  readonly id: number
  readonly sender: RelayName
  readonly mid: Uint8Array
  /** Who stood behind the token it was sent to. */
  readonly tokenPin: Pin | null
  readonly payload: Uint8Array
}

/** What is kept of a frame that went out until it is acknowledged. */
export type DeliveredFrame = Omit<QueuedFrame, 'payload'>

/** A frame that left the queue: what its sender is told, if it is there to hear it. */
export interface SettledFrame {
  readonly id: number
  readonly sender: RelayName
  readonly receiver: RelayName
  readonly mid: Uint8Array
  readonly status: number
  readonly tokenPin: Pin | null
}

export type RelayMailState = 'queued' | 'accepted' | 'refused' | 'gave_up'

/** What one [10] asked for; also the token that answers it. */
export interface RelayMailRow {
  readonly txn: ActivationId
  readonly pin: Pin
  readonly bodyHash: Uint8Array
  readonly body: Uint8Array
  readonly address: MailAddress
  readonly domain: string
  readonly acceptedAtMs: number
  readonly lifeMs: number
  readonly state: RelayMailState
  readonly tries: number
  /** Of the newest try; also the relay's time stamp in the mail. */
  readonly mailedAtMs: number | null
  /** End of the token: newest mailing (or acceptance) plus life. */
  readonly expiresAtMs: number
  readonly nextTryAtMs: number
}

/** A mail with the mail server's last word, for the administrator. */
export interface AnsweredMail extends RelayMailRow {
  readonly answeredAtMs: number | null
  /** Empty before the first answer. */
  readonly answer: string
}

export interface MailAskRows {
  readonly same: RelayMailRow | null
  /** The PIN has another transaction whose token would be the same. */
  readonly prefixTaken: boolean
  readonly newTxnsOfPin: number
}

/** A mail that may be tried, with what the limits count. */
export interface DueMail {
  readonly mail: RelayMailRow
  /** Mails to this address since `sinceMs`, and those of them that this PIN caused. */
  readonly mailsToAddress: number
  readonly mailsOfPin: number
}

export interface MailResult {
  readonly txn: ActivationId
  readonly state: RelayMailState
  readonly nextTryAtMs: number
  /** The mail server's last answer, shortened, for the administrator. */
  readonly answer: string
  readonly answeredAtMs: number
}

export interface RelayStore {
  findIdentity(): Promise<RelayIdentityRow | null>
  /** Keeps the identity that is there already; returns what is kept then. */
  keepFirstIdentity(row: RelayIdentityRow, nowMs: number): Promise<RelayIdentityRow>
  /** After a restore: generation + 1 under a new route key. */
  raiseGeneration(routeKeySealed: Uint8Array, nowMs: number): Promise<number>

  /** Adds a server or changes its key and domains; what is suspended stays so. */
  putServer(
    srpId: SrpId,
    loginKeySealed: Uint8Array,
    domains: readonly string[],
    nowMs: number,
  ): Promise<void>
  findServer(srpId: SrpId): Promise<RelayServerRow | null>
  listServers(): Promise<RelayServerRow[]>
  /** The servers to which the operator allows this mail domain. */
  listServersOfDomain(domain: string): Promise<SrpId[]>
  findDevice(pin: Pin): Promise<RelayDeviceRow | null>
  findDeviceByKey(publicKey: Uint8Array): Promise<RelayDeviceRow | null>
  listDevices(afterPin: string, limit: number): Promise<RelayDeviceRow[]>
  countEnrolments(network: string, sinceMs: number): Promise<number>
  /** The PIN of that key, which may be known already; null where every candidate is taken. */
  enrol(enrolment: Enrolment): Promise<Pin | null>
  /** A handheld with a certificate comes back after a restore; false where PIN or key are taken. */
  takeBack(pin: Pin, publicKey: Uint8Array, nowMs: number): Promise<boolean>
  /** Forgets a handheld that was never anybody's, with its mails, frames and lists: nobody else knows its PIN. */
  forgetDevice(pin: Pin): Promise<void>
  /** `because` null lifts it. False where there is no such name. */
  suspend(name: RelayName, because: string | null): Promise<boolean>
  listSuspended(): Promise<RelayName[]>

  /** The handheld's whole list. Frames of servers that it left out are withdrawn, those by token excepted. */
  putPeers(pin: Pin, srpIds: readonly SrpId[]): Promise<SettledFrame[]>
  addServed(srpId: SrpId, pins: readonly Pin[]): Promise<void>
  /** Frames that these handhelds had sent to the server are withdrawn. */
  removeServed(srpId: SrpId, pins: readonly Pin[]): Promise<SettledFrame[]>

  findSendRows(asks: readonly SendAsk[], nowMs: number): Promise<SendRows[]>
  /** The id of each frame in its queue: one more than that of the frame taken before it, whoever sent that. */
  putSends(writes: readonly SendWrite[], nowMs: number): Promise<(number | null)[]>
  /** In the order of acceptance, those after `afterId`. */
  listQueued(receiver: RelayName, afterId: number, limit: number): Promise<QueuedFrame[]>
  /** The ids of those that were still queued; their mids are delivered now. */
  acknowledge(frames: readonly Pick<DeliveredFrame, 'id' | 'sender' | 'mid'>[]): Promise<number[]>
  hasExpired(nowMs: number): Promise<boolean>
  expire(nowMs: number, limit: number): Promise<SettledFrame[]>
  /** How many frames wait for their receivers, and mails for the mail server. */
  countQueued(): Promise<{ readonly frames: number; readonly mails: number }>
  /** Forgets mids and transactions that nobody can ask about any more. */
  purge(nowMs: number): Promise<number>

  findMailAsk(txn: ActivationId, pin: Pin, sinceMs: number): Promise<MailAskRows>
  findMail(txn: ActivationId): Promise<RelayMailRow | null>
  findAnsweredMail(txn: ActivationId): Promise<AnsweredMail | null>
  /** The newest one to any of these addresses. */
  newestMailTo(addresses: readonly MailAddress[]): Promise<AnsweredMail | null>
  /** False where the transaction id is taken meanwhile. */
  putMail(mail: RelayMailRow): Promise<boolean>
  /** Queued mails whose time has come, PINs in turn, without those to addresses that had `perAddressMax` since. */
  listDueMails(nowMs: number, sinceMs: number, perAddressMax: number, limit: number): Promise<DueMail[]>
  nextMailAtMs(): Promise<number | null>
  /** Counts a try before it begins; `leaseUntilMs` is when it is tried again should the relay die meanwhile. */
  beginMail(txn: ActivationId, nowMs: number, leaseUntilMs: number): Promise<RelayMailRow | null>
  /** The try goes on: it is not repeated before then. */
  renewMail(txn: ActivationId, leaseUntilMs: number): Promise<void>
  endMail(result: MailResult): Promise<void>
  /** The date was set back by so much: what is to be tried later is tried earlier by the same. */
  bringMailsForward(byMs: number): Promise<void>
  /** The same where nobody saw by how much: what came, or was tried, later than now is tried now. Returns how many were. */
  bringMailsBack(nowMs: number): Promise<number>
  /** Queued mails whose life has ended are given up. */
  /** Whether `giveUpMails` would find any: nearly always none, which is cheap to read. */
  hasMailsToGiveUp(nowMs: number): Promise<boolean>
  giveUpMails(nowMs: number): Promise<RelayMailRow[]>
}
