/** Codes with which the relay closes a WebSocket, and what each asks of whoever was connected. */
import { jittered, type Random, randomInt } from '#kernel/random.ts'

/**
 * `backoff`: come back after the growing pause. `pause_first`: wait a random 0..30 s before that.
 * `by_hand`: only on a person's or administrator's word. `with_certificate`: at once with the PIN certificate, by hand without one.
 */
export type ReconnectRule = 'backoff' | 'pause_first' | 'by_hand' | 'with_certificate'

export interface CloseCodeRow {
  readonly code: number
  readonly means: string
  readonly reconnect: ReconnectRule
}

export const closeCodes = {
  goingAway: { code: 1001, means: 'The relay is going away.', reconnect: 'pause_first' },
  textMessage: { code: 1003, means: 'A text message was sent.', reconnect: 'backoff' },
  messageTooBig: { code: 1009, means: 'A message was too big.', reconnect: 'backoff' },
  restart: { code: 1012, means: 'The relay restarts.', reconnect: 'pause_first' },
  tryLater: { code: 1013, means: 'The relay asks to try later.', reconnect: 'backoff' },
  malformed: { code: 4400, means: 'A frame was malformed or in the wrong place.', reconnect: 'backoff' },
  loginFailed: { code: 4401, means: 'The log-in failed.', reconnect: 'backoff' },
  suspended: { code: 4403, means: 'Suspended by the operator or by rule.', reconnect: 'by_hand' },
  unknownName: { code: 4404, means: 'The PIN or SRP id is unknown.', reconnect: 'with_certificate' },
  tooLate: { code: 4408, means: 'The log-in or a pong came too late.', reconnect: 'backoff' },
  displaced: { code: 4409, means: 'A newer log-in of the same name took over.', reconnect: 'by_hand' },
  versionNotSpoken: { code: 4426, means: 'The relay does not speak this version.', reconnect: 'by_hand' },
  tooMany: { code: 4429, means: 'Too many frames, log-ins or enrolments.', reconnect: 'backoff' },
} as const satisfies Record<string, CloseCodeRow>

export type CloseName = keyof typeof closeCodes

const rowsByCode = new Map<number, CloseCodeRow>(Object.values(closeCodes).map((row) => [row.code, row]))

/** The rule for a closed connection; codes not in the table, and lines that broke, come back by themselves. */
export const reconnectRule = (code: number): ReconnectRule => rowsByCode.get(code)?.reconnect ?? 'backoff'

export const closeMeaning = (code: number): string | null => rowsByCode.get(code)?.means ?? null

const backoffMinMs = 1_000
const backoffMaxMs = 300_000
const pauseMaxMs = 30_000

/**
 * Pause before the `attempt`-th try (1, 2, 3 …) to connect again: 1 s doubling to 5 min, each ±50 %,
 * and before the first one a random 0..30 s when the relay went away, so that not all come back at once.
 */
export function reconnectDelayMs(random: Random, attempt: number, rule: ReconnectRule): number {
  const pauseMs = rule === 'pause_first' && attempt === 1 ? randomInt(random, pauseMaxMs + 1) : 0
  const baseMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(attempt - 1, 16))
  return pauseMs + jittered(random, baseMs, 0.5)
}
