import { parsePin } from '#kernel/brand.ts'
import { toHex } from '#kernel/bytes.ts'
import { decodeM3 } from '#protocol/exchange.ts'
import { mailDoneStatus } from '#protocol/mail-done.ts'
import { decodePacket, decodePacketHeader } from '#protocol/packet-frame.ts'
import { decodePayload } from '#protocol/payload.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import type { Deliver, Frame } from '#protocol/relay-frame.ts'
import { checkReplay, decodeReplayWindow } from '#protocol/replay-window.ts'
import type { Checker, Fail } from './checks.ts'
import type { Observed } from './observed.ts'

/** Durable before acknowledged: at the moment the word leaves, its commit is there to be read. */
export const acknowledgedIsKept = (): Checker => {
  /** What each receiver was given, by mid. */
  const delivered = new Map<string, Deliver>()
  return {
    invariant: 'nothing that was acknowledged is missing',
    sent: (sender, frame, observed, fail) => {
      if (frame.type === 'deliver') delivered.set(toHex(frame.mid), frame)
      if (frame.type === 'receipt') receiptKept(observed, frame, fail)
      if (frame.type === 'mail_done') mailKept(observed, frame, fail)
      if (frame.type !== 'frame_ack' || !sender.name.startsWith('agent')) return
      const acknowledged = delivered.get(toHex(frame.mid))
      if (acknowledged) proofOrPacketKept(observed, acknowledged, fail)
    },
  }
}

function receiptKept(
  { db }: Observed,
  { mid, status }: Extract<Frame, { type: 'receipt' }>,
  fail: Fail,
): void {
  if (status !== receiptStatus.stored && status !== receiptStatus.delivered) return
  if (!db.one('SELECT 1 FROM relay_mid WHERE mid = ?', mid))
    fail(`the relay gave receipt ${status} for ${toHex(mid)}, which is not kept`)
}

function mailKept(
  { db }: Observed,
  { txn, status }: Extract<Frame, { type: 'mail_done' }>,
  fail: Fail,
): void {
  const state = db.one<{ state: string }>('SELECT state FROM relay_mail WHERE txn = ?', txn)?.state
  const promised = status === mailDoneStatus.queued || status === mailDoneStatus.accepted
  if (promised && state === undefined) fail(`the relay answered ${status} for ${txn}, which is not kept`)
  if (status === mailDoneStatus.accepted && state !== 'accepted')
    fail(`${txn} is called mailed and is ${state}`)
}

function proofOrPacketKept(observed: Observed, { from, payload }: Deliver, fail: Fail): void {
  const decoded = decodePayload(payload)
  const pin = from.kind === 'handheld' ? parsePin(from.pin) : null
  if (!decoded.ok || !pin) return
  if (decoded.value.kind === 'm3') proofKept(observed, decoded.value.bytes, fail)
  if (decoded.value.kind === 'packet') packetKept(observed, pin, decoded.value.bytes, fail)
}

function proofKept({ db }: Observed, bytes: Uint8Array, fail: Fail): void {
  const m3 = decodeM3(bytes)
  if (!m3.ok) return
  const { txn } = m3.value
  const row = db.one<{ state_json: string; ended: number }>(
    'SELECT state_json, ended FROM activation WHERE txn = ?',
    txn,
  )
  const told = db.one('SELECT 1 FROM delivery WHERE key LIKE ?', `tell:${txn}:%`)
  const kept = row && (row.ended === 1 || row.state_json.includes('"proof"'))
  if (!kept && !told) fail(`the proof of ${txn} was acknowledged and is not kept`)
}

function packetKept({ db }: Observed, pin: string, bytes: Uint8Array, fail: Fail): void {
  const packet = decodePacket(bytes)
  const header = packet.ok ? decodePacketHeader(packet.value.header) : null
  if (!header?.ok) return
  const { kid, seq } = header.value
  const key = db.one<{ replay_window: Uint8Array; state: string }>(
    'SELECT replay_window, state FROM master_key WHERE pin = ? AND kid = ?',
    ...[pin, kid],
  )
  // Without a key, or before it is current, a packet is refused for good.
  if (!key || (key.state === 'pending' && seq > 0)) return
  const window = decodeReplayWindow(key.replay_window)
  if (window.ok && checkReplay(window.value, seq) === 'new' && key.state !== 'pending')
    fail(`packet ${seq} of ${pin} was acknowledged and is not kept`)
}
