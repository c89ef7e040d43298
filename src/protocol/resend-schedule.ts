/** When a packet that was not yet acknowledged end to end goes out again (docs/protocol.md, "Resending"). */
import { limits } from '#kernel/limits.ts'
import { receiptStatus } from './receipt.ts'

/** What is known of the newest copy of a packet. All times in milliseconds since the Unix epoch. */
export interface SentCopy {
  /** How many copies have gone out, this one included: 1, 2, 3 … */
  readonly attempt: number
  readonly firstSentAtMs: number
  readonly sentAtMs: number
  readonly ttlMs: number
  /** The newest receipt for this copy, or null while none has come. */
  readonly receipt: SentReceipt | null
  /** The relay came back under another generation after this copy was sent: its queue may be gone. */
  readonly relayRestored: boolean
}

export interface SentReceipt {
  /** One of `receiptStatus`. */
  readonly status: number
  readonly atMs: number
  /** When the first receipt of this status came, if others of it followed without a break. */
  readonly sinceMs: number
}

/**
 * `send`: the same bytes in a new frame at that time. `reseal`: seven days are over, seal the content anew under the
 * current key. `stop`: sending again cannot help; the reason names the receipt.
 */
export type NextSend =
  | { readonly kind: 'send'; readonly atMs: number }
  | { readonly kind: 'reseal'; readonly atMs: number }
  | { readonly kind: 'stop'; readonly reason: 'peer_left' | 'token_dead' | 'fenced' | 'malformed' }

const second = 1000
const minute = 60 * second
const firstDelaysMs = [15 * second, minute, 5 * minute]
const afterDeliveryMs = minute
const notListedForMs = 60 * minute
const resendForMs = limits.resendSecondsMax * second

/** @param capMs longest pause between two copies, 30 minutes to 6 hours by configuration. */
export function nextSend(copy: SentCopy, capMs: number): NextSend {
  const reason = reasonToStop(copy)
  if (reason) return { kind: 'stop', reason }
  const atMs = earliestMs(copy, capMs)
  return { kind: atMs - copy.firstSentAtMs >= resendForMs ? 'reseal' : 'send', atMs }
}

/** The pause after the `attempt`-th copy: 15 s, 60 s, 5 min, then doubling to `capMs`. */
export function resendDelayMs(attempt: number, capMs: number): number {
  const listed = firstDelaysMs[attempt - 1]
  const last = firstDelaysMs.length
  return Math.min(capMs, listed ?? 5 * minute * 2 ** Math.min(attempt - last, 32))
}

function reasonToStop(copy: SentCopy): 'peer_left' | 'token_dead' | 'fenced' | 'malformed' | null {
  switch (copy.receipt?.status) {
    case receiptStatus.notListed:
      // A restored relay learns the lists anew, so the refusal counts only once it has lasted an hour.
      return !copy.relayRestored && copy.receipt.atMs - copy.receipt.sinceMs >= notListedForMs
        ? 'peer_left'
        : null
    case receiptStatus.tokenDead:
      return 'token_dead'
    case receiptStatus.fenced:
      return 'fenced'
    case receiptStatus.malformed:
      return 'malformed'
    default:
      return null
  }
}

function earliestMs(copy: SentCopy, capMs: number): number {
  const { receipt } = copy
  // A receipt follows its copy, whatever a date said that has been set back since.
  const sentAtMs = Math.min(copy.sentAtMs, receipt?.atMs ?? copy.sentAtMs)
  const scheduledMs = sentAtMs + resendDelayMs(copy.attempt, capMs)
  if (receipt === null || copy.relayRestored) return scheduledMs
  switch (receipt.status) {
    case receiptStatus.stored:
      // The copy still lies at the relay: another one would only fill the queue of a handheld that is off.
      return receipt.atMs + copy.ttlMs
    case receiptStatus.delivered:
      return Math.max(scheduledMs, receipt.atMs + afterDeliveryMs)
    case receiptStatus.queueFull:
      return receipt.atMs + Math.min(capMs, minute * 2 ** Math.min(copy.attempt - 1, 32))
    case receiptStatus.expired:
      return receipt.atMs
    default:
      return scheduledMs
  }
}
