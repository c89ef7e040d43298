/** What a client does when its connection ended (docs/protocol.md, "Relay"). Pure but for the random it is given. */
import type { FaultCode } from '#kernel/fault.ts'
import { jittered, type Random, randomInt } from '#kernel/random.ts'
import { closeCode } from './link.ts'

export type Reconnect =
  | { readonly kind: 'wait'; readonly delayMs: number; readonly code: FaultCode }
  | { readonly kind: 'certificate' }
  | { readonly kind: 'stop'; readonly code: FaultCode }

export interface Ended {
  /** The close code; 1006 where the line broke. */
  readonly code: number
  /** How many connections in a row have ended too soon. */
  readonly attempt: number
  /** A certificate is there that this relay has not refused yet. */
  readonly certificateLeft: boolean
}

const firstMs = 1_000
const longestMs = 300_000
const restartSpreadMs = 30_000
const steadyMs = 60_000

/** Log-ins that fall over at once count as failures; one that held, or was sent away in good order, starts anew. */
export const endsFailures = (readyMs: number | null, code: number): boolean =>
  readyMs !== null && (readyMs >= steadyMs || code === closeCode.goingAway || code === closeCode.restart)

export function afterEnd({ code, attempt, certificateLeft }: Ended, random: Random): Reconnect {
  if (code === closeCode.unknownName && certificateLeft) return { kind: 'certificate' }
  const fault = faultOfClose(code)
  if (stopping.has(code)) return { kind: 'stop', code: fault }
  const backOffMs = jittered(random, Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 20)), 0.5)
  const spread = (code === closeCode.goingAway || code === closeCode.restart) && attempt === 0
  const delayMs = spread ? randomInt(random, restartSpreadMs) : backOffMs
  return { kind: 'wait', delayMs, code: fault }
}

const stopping: ReadonlySet<number> = new Set([
  closeCode.suspended,
  closeCode.unknownName,
  closeCode.displaced,
  closeCode.version,
])

const faults: ReadonlyMap<number, FaultCode> = new Map([
  [closeCode.textMessage, 'relay.protocol'],
  [closeCode.tooBig, 'relay.protocol'],
  [closeCode.malformed, 'relay.protocol'],
  [closeCode.loginFailed, 'relay.login_failed'],
  [closeCode.suspended, 'relay.suspended'],
  [closeCode.unknownName, 'relay.unknown_name'],
  [closeCode.displaced, 'relay.displaced'],
  [closeCode.version, 'relay.version'],
  [closeCode.tooMany, 'relay.too_many'],
])

export const faultOfClose = (code: number): FaultCode => faults.get(code) ?? 'relay.unreachable'
