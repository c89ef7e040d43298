/** When the pool may connect again after it was refused: the server as a whole, or one log-in alone. */
import { type Clock, sleep } from '#kernel/clock.ts'
import { Fault, type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import type { Random } from '#kernel/random.ts'
import { makeBackoff } from './backoff.ts'
import { isBusy, isLogins, type MailLogin } from './mailbox.ts'
import { loginKey } from './pool-slots.ts'

export interface Allowance {
  /**
   * Waits while the server is being left alone. A log-in that is being left alone fails at once instead: waiting for
   * it would keep the connection from everybody else. @throws Fault also when `signal` aborts.
   */
  wait(login: MailLogin, signal: AbortSignal): Promise<void>
  succeeded(login: MailLogin): void
  /** With so many `others` open. `limit`: it was one connection too many for the server. */
  failed(login: MailLogin, error: unknown, others: number): 'limit' | 'other'
}

const reconnect = { firstMs: 200, longestMs: 30_000 }
const throttled = { firstMs: 5_000, longestMs: 300_000 }
/** Many servers lock an account that is tried too often with a wrong password. */
const refused = { firstMs: 1_000, longestMs: 300_000 }
const serverKey = 'server'

export function makeAllowance(clock: Clock, random: Random): Allowance {
  const server = { reconnect: makeBackoff(random, reconnect), throttled: makeBackoff(random, throttled) }
  const logins = makeBackoff(random, refused)
  const codes = new Map<string, FaultCode>()
  /** Whose log-in was the last that the server was too busy for. */
  let lastBusy: string | null = null

  const leaveLogin = (key: string, code: FaultCode): void => {
    logins.failed(key, clock.monotonicMs())
    codes.set(key, code)
  }

  /** A server may have no more for one user, or for anybody: that shows in the second user it refuses. */
  const busy = (login: MailLogin, code: FaultCode, others: number): 'limit' | 'other' => {
    const key = loginKey(login)
    const ofOne = login.as === 'user' && (lastBusy ?? key) === key
    lastBusy = key
    if (ofOne) leaveLogin(key, code)
    else if (code === 'imap.throttled') server.throttled.failed(serverKey, clock.monotonicMs())
    else if (others === 0) server.reconnect.failed(serverKey, clock.monotonicMs())
    return ofOne || code === 'imap.throttled' ? 'other' : 'limit'
  }

  return {
    wait: async (login, signal) => {
      const key = loginKey(login)
      if (logins.untilMs(key) > clock.monotonicMs())
        throw new Fault(
          codes.get(key) ?? 'imap.login_failed',
          'refused a moment ago, and not tried again so soon',
        )
      const untilMs = Math.max(server.reconnect.untilMs(serverKey), server.throttled.untilMs(serverKey))
      const delayMs = untilMs - clock.monotonicMs()
      if (delayMs > 0) await sleep(clock, delayMs, signal)
      if (signal.aborted) throw new Fault('imap.unreachable', 'the agent is stopping')
    },
    succeeded: (login) => {
      const key = loginKey(login)
      for (const backoff of Object.values(server)) backoff.succeeded(serverKey)
      logins.succeeded(key)
      codes.delete(key)
      lastBusy = null
    },
    failed: (login, error, others) => {
      const code = faultCodeOf(error)
      if (isBusy(code)) return busy(login, code, others)
      // Where a secret is missing nothing was asked of the server, and tokens are asked for at a pace of their own.
      if (/^imap\.(?:no_password|token_denied|token_unavailable)$/.test(code)) return 'other'
      if (isLogins(code)) leaveLogin(loginKey(login), code)
      else server.reconnect.failed(serverKey, clock.monotonicMs())
      return 'other'
    },
  }
}
