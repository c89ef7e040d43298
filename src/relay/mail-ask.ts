/** What a handheld's request to be mailed is answered, and which mails go next (docs/protocol.md, "Relay"). Pure. */
import { sha256 } from '#crypto/hash.ts'
import type { ActivationId, Pin, RelayId } from '#kernel/brand.ts'
import { sameBytes, toHex } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'
import { decodeCbor, isCborMap } from '#protocol/cbor.ts'
import { decodeEtpBody, type EtpBody } from '#protocol/etp.ts'
import { type MailDoneStatus, mailDoneStatus } from '#protocol/mail-done.ts'
import type { DueMail, MailAskRows, RelayMailRow, RelayMailState } from '#store/relay.ts'

const hourMs = 3_600_000
/** How far back the limits per hour look. */
export const limitWindowMs = hourMs

export interface MailRequest {
  readonly pin: Pin
  readonly bytes: Uint8Array
  readonly body: EtpBody
}

/** The request, or the name under which to call it malformed; null where not even that can be read. */
export type ReadMailAsk =
  | { readonly kind: 'request'; readonly request: MailRequest }
  | { readonly kind: 'malformed'; readonly txn: ActivationId | null }

export interface MailAskDecision {
  /** The answer to give at once; null where the mail is new and the mail server decides. */
  readonly status: MailDoneStatus | null
  /** To be stored before anything is mailed. */
  readonly write: RelayMailRow | null
  /** "Look again" goes to the servers of the domain. */
  readonly hint: boolean
}

export function readMailAsk(pin: Pin, bytes: Uint8Array, relayId: RelayId): ReadMailAsk {
  const body = decodeEtpBody(bytes)
  if (body.ok && body.value.relayId === relayId && body.value.lifeSeconds > 0)
    return { kind: 'request', request: { pin, bytes, body: body.value } }
  return { kind: 'malformed', txn: body.ok ? body.value.txn : readTxn(bytes) }
}

function readTxn(bytes: Uint8Array): ActivationId | null {
  const value = decodeCbor(bytes)
  const txn = value.ok && isCborMap(value.value) ? value.value.get(2) : undefined
  return txn instanceof Uint8Array && txn.length === 16 ? (toHex(txn) as ActivationId) : null
}

/**
 * A request that is known is answered whatever the clock says: handhelds repeat the same body for days. After
 * a restore (`restoredAtMs`) such a body is new again, so that for as long as one may live only its life counts.
 */
export function decideMailAsk(
  request: MailRequest,
  rows: MailAskRows,
  nowMs: number,
  restoredAtMs: number | null,
  transactionsPerPinHour: number = limits.transactionsPerPinHour,
): MailAskDecision {
  const bodyHash = sha256(request.bytes)
  if (rows.same) return answerKnown(rows.same, request.pin, bodyHash, nowMs)
  if (rows.prefixTaken) return answer(mailDoneStatus.txnTaken)
  if (!isTimely(request.body, nowMs, restoredAtMs)) return answer(mailDoneStatus.clock)
  if (rows.newTxnsOfPin >= transactionsPerPinHour) return answer(mailDoneStatus.overLimit)
  return { status: null, write: newMail(request, bodyHash, nowMs), hint: false }
}

const answer = (status: MailDoneStatus, hint = false): MailAskDecision => ({ status, write: null, hint })

function answerKnown(mail: RelayMailRow, pin: Pin, bodyHash: Uint8Array, nowMs: number): MailAskDecision {
  if (mail.pin !== pin || !sameBytes(mail.bodyHash, bodyHash)) return answer(mailDoneStatus.txnTaken)
  return mail.state === 'accepted'
    ? answer(mailDoneStatus.mailedBefore, mail.expiresAtMs > nowMs)
    : answer(statusOf(mail.state))
}

/** What a handheld is told of a mail in this state. */
export function statusOf(state: RelayMailState): MailDoneStatus {
  if (state === 'accepted') return mailDoneStatus.accepted
  if (state === 'queued') return mailDoneStatus.queued
  return state === 'refused' ? mailDoneStatus.addressRefused : mailDoneStatus.gaveUp
}

function isTimely({ createdAt, lifeSeconds }: EtpBody, nowMs: number, restoredAtMs: number | null): boolean {
  const ageSeconds = nowMs / 1000 - createdAt
  if (Math.abs(ageSeconds) <= limits.clockSkewSeconds) return true
  const justRestored = restoredAtMs !== null && nowMs - restoredAtMs < limits.etpLifeSecondsMax * 1000
  return justRestored && ageSeconds > 0 && ageSeconds < lifeSeconds
}

function newMail({ pin, bytes, body }: MailRequest, bodyHash: Uint8Array, nowMs: number): RelayMailRow {
  const lifeMs = body.lifeSeconds * 1000
  return {
    txn: body.txn,
    pin,
    bodyHash,
    body: bytes,
    address: body.address,
    domain: body.address.slice(body.address.lastIndexOf('@') + 1),
    acceptedAtMs: nowMs,
    lifeMs,
    state: 'queued',
    tries: 0,
    mailedAtMs: null,
    expiresAtMs: nowMs + lifeMs,
    nextTryAtMs: nowMs,
  }
}

/**
 * The mails to try now, at most `slots`, in the order given (PINs take turns), so that no address gets more
 * than its limit an hour, those on their way included.
 */
export function chooseMails(
  due: readonly DueMail[],
  onTheirWay: ReadonlyMap<ActivationId, string>,
  slots: number,
  mailsPerAddressHour: number = limits.mailsPerAddressHour,
): RelayMailRow[] {
  const chosen: RelayMailRow[] = []
  const room = new Map<string, number>()
  for (const { mail, mailsToAddress } of due) {
    if (chosen.length >= slots) break
    const left = room.get(mail.address) ?? mailsPerAddressHour - mailsToAddress
    if (onTheirWay.has(mail.txn) || left <= 0) continue
    room.set(mail.address, left - 1)
    chosen.push(mail)
  }
  return chosen
}

const retryDelaysMs = [10_000, 30_000, 60_000, 120_000, 300_000, 600_000]
export const retryDelayMaxMs = 900_000

/** How long to wait after the `tries`-th try was put off; jitter is the caller's. */
export const retryDelayMs = (tries: number): number =>
  retryDelaysMs[Math.max(0, tries - 1)] ?? retryDelayMaxMs
