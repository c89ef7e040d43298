/**
 * A message that is sent until the server answers it: the same bytes in a new frame, on the schedule of packets
 * (docs/protocol.md, "Resending"). While the relay has a copy, no other is sent.
 */
import type { SrpId } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
import type { Receipt } from '#protocol/relay-frame.ts'
import { nextSend, resendDelayMs, type SentReceipt } from '#protocol/resend-schedule.ts'
import { newMid, sendPayload, type Turn } from './turn.ts'

export interface Ask {
  readonly payload: Uint8Array
  readonly copies: number
  readonly firstMs: number
  readonly lastMs: number
  /** Of the last copy. */
  readonly mid: Uint8Array
  readonly receipt: SentReceipt | null
  /** Null: not before the next log-in. */
  readonly dueMs: number | null
}

const capMs = 30 * 60 * 1000

/** The first copy goes out with the step that begins it. */
export function beginAsk(turn: Turn, to: SrpId, payload: Uint8Array): Ask {
  const { nowMs } = turn
  const ask = { payload, copies: 1, firstMs: nowMs, lastMs: nowMs, mid: newMid(turn), receipt: null }
  sendPayload(turn, 'rollover', ask.mid, to, payload)
  return { ...ask, dueMs: nowMs + resendDelayMs(1, capMs) }
}

/** Another copy, because its time has come or the relay has lost the last one. */
export function askAgain(turn: Turn, to: SrpId, ask: Ask): Ask {
  const copies = ask.copies + 1
  const next = { ...ask, copies, lastMs: turn.nowMs, mid: newMid(turn), receipt: null }
  sendPayload(turn, 'rollover', next.mid, to, ask.payload)
  return { ...next, dueMs: turn.nowMs + resendDelayMs(copies, capMs) }
}

/** After a log-in the relay is asked what became of the last copy; one that was restored has none. */
export function askAtLogin(turn: Turn, to: SrpId, ask: Ask, restored: boolean): Ask {
  if (restored) return askAgain(turn, to, ask)
  sendPayload(turn, 'rollover', ask.mid, to, ask.payload)
  return { ...ask, dueMs: turn.nowMs + resendDelayMs(ask.copies, capMs) }
}

export function onAskReceipt(ask: Ask, { status }: Receipt, nowMs: number): Ask {
  const sinceMs = ask.receipt?.status === status ? ask.receipt.sinceMs : nowMs
  const receipt = { status, atMs: nowMs, sinceMs }
  const next = nextSend(
    {
      attempt: ask.copies,
      firstSentAtMs: ask.firstMs,
      sentAtMs: ask.lastMs,
      ttlMs: limits.sendTtlSecondsMax * 1000,
      receipt,
      relayRestored: false,
    },
    capMs,
  )
  return { ...ask, receipt, dueMs: next.kind === 'stop' ? null : Math.max(nowMs, next.atMs) }
}
