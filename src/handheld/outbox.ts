/** Packets on their way to the relay: the same mid and bytes until a receipt says that they lie there safely. */
import type { SrpId } from '#kernel/brand.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import type { Receipt } from '#protocol/relay-frame.ts'
import { onBooksAckStored } from './books-stored.ts'
import { leftCode } from './repeat.ts'
import type { Outgoing } from './state.ts'
import { change, log, newMid, persist, sameMid, sendPayload, showCode, type Turn } from './turn.ts'
import { onWipeAckStored } from './wipe.ts'

const minute = 60 * 1000
const refusedForMs = 60 * minute
/** The relay allows 64 sends without a first receipt; half of them leaves room for what is not in this list. */
const inFlightMax = 32
/** More answers than a server may have packets under way help nobody. */
const outboxMax = 256

/** What the receipt for a packet means beside that it arrived. */
export type Meaning = Pick<Outgoing, 'completes' | 'wipes'>

export type Parcel = Pick<Outgoing, 'payload' | 'what' | 'kid'> & Meaning

export function enqueue(turn: Turn, to: SrpId, parcel: Parcel): void {
  const entry: Outgoing = {
    mid: newMid(turn),
    to,
    ...parcel,
    sent: false,
    tries: 0,
    dueMs: null,
    refusedSinceMs: null,
  }
  change(turn, { outbox: trimmed([...turn.state.outbox, entry]) })
  flush(turn)
}

/** Sends what is ready, oldest first, as far as there is room. */
export function flush(turn: Turn): void {
  if (!turn.state.online) return
  let room = inFlightMax - turn.state.outbox.filter((entry) => entry.sent).length
  const outbox = turn.state.outbox.map((entry) => {
    if (entry.sent || room <= 0 || (entry.dueMs !== null && entry.dueMs > turn.nowMs)) return entry
    room -= 1
    sendPayload(turn, entry.what, entry.mid, entry.to, entry.payload)
    return { ...entry, sent: true, dueMs: null }
  })
  change(turn, { outbox })
}

/** After a log-in everything without a receipt is asked about again under its own mid. */
export function resendOutbox(turn: Turn): void {
  change(turn, { outbox: turn.state.outbox.map((entry) => ({ ...entry, sent: false })) })
  flush(turn)
}

/** Takes the receipt for one of our packets; false where none of them has this mid. */
export function onOutboxReceipt(turn: Turn, receipt: Receipt): boolean {
  const entry = turn.state.outbox.find((one) => sameMid(receipt.mid, one.mid))
  if (!entry) return false
  switch (receipt.status) {
    case receiptStatus.queueFull:
    case receiptStatus.tooManyUnanswered:
      putOff(turn, entry, null)
      break
    case receiptStatus.notListed:
      refused(turn, entry)
      break
    case receiptStatus.expired:
      if (entry.completes) again(turn, entry)
      else taken(turn, entry, receipt.status)
      break
    default:
      taken(turn, entry, receipt.status)
  }
  flush(turn)
  return true
}

/** Stored or delivered ends it, and so does what sending again cannot help: the server asks again if it must. */
function taken(turn: Turn, entry: Outgoing, status: number): void {
  change(turn, { outbox: turn.state.outbox.filter((one) => one !== entry) })
  const stored = status === receiptStatus.stored || status === receiptStatus.delivered
  if (!stored) {
    log(turn, 'the relay did not take a packet', { status }, 'warn')
    return
  }
  if (entry.completes) onBooksAckStored(turn)
  else if (entry.wipes) onWipeAckStored(turn)
  else persist(turn, 'receipt')
}

function refused(turn: Turn, entry: Outgoing): void {
  const sinceMs = entry.refusedSinceMs ?? turn.nowMs
  if (turn.nowMs - sinceMs < refusedForMs) {
    putOff(turn, entry, sinceMs)
    return
  }
  change(turn, { outbox: turn.state.outbox.filter((one) => one !== entry) })
  persist(turn, 'receipt')
  showCode(turn, leftCode)
}

/** At once: nobody fetched it, and a server that thinks its books still lie at the relay does not ask for it. */
function again(turn: Turn, entry: Outgoing): void {
  const anew: Outgoing = { ...entry, mid: newMid(turn), sent: false, dueMs: null }
  change(turn, { outbox: turn.state.outbox.map((one) => (one === entry ? anew : one)) })
  persist(turn, 'receipt')
}

/** Again after 1 minute, doubling; with a new mid, as the relay did not keep the old one. */
function putOff(turn: Turn, entry: Outgoing, refusedSinceMs: number | null): void {
  const waiting: Outgoing = {
    ...entry,
    mid: newMid(turn),
    sent: false,
    tries: entry.tries + 1,
    dueMs: turn.nowMs + minute * 2 ** Math.min(entry.tries, 5),
    refusedSinceMs,
  }
  change(turn, { outbox: turn.state.outbox.map((one) => (one === entry ? waiting : one)) })
}

/** Drops the oldest answers, but never one that something waits for. */
function trimmed(outbox: readonly Outgoing[]): readonly Outgoing[] {
  const excess = outbox.length - outboxMax
  if (excess <= 0) return outbox
  const isKept = ({ completes, wipes, what }: Outgoing) => completes || wipes || what === 'rollover'
  const dropped = new Set(outbox.filter((entry) => !isKept(entry)).slice(0, excess))
  return outbox.filter((entry) => !dropped.has(entry))
}
