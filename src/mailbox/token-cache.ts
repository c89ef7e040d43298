/** Keeps access tokens until shortly before they end; however many wait for one, it is asked for once. */
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import type { Random } from '#kernel/random.ts'
import { makeBackoff } from './backoff.ts'
import type { TokenSource } from './credentials.ts'

export interface FreshToken {
  readonly token: string
  /** Milliseconds from now; null: nobody says. */
  readonly livesMs: number | null
}

/** Asks for a token, for one user or for the service account. @throws Fault imap.token_unavailable, imap.token_denied */
export type FetchToken = (owner: MailAddress | null) => Promise<FreshToken>

interface Kept {
  readonly token: string
  readonly sinceMs: number
  /** From then on a newer one is asked for; the old one still serves until its end where there is none. */
  readonly renewMs: number
  readonly untilMs: number
}

/** A token whose life nobody told is asked for anew after this time. */
const unknownLifeMs = 300_000
const earlyMsMax = 60_000
/** One that is refused so soon after it came is not out of date: another would be refused as well. */
const youngMs = 30_000
/** With a token for each user, the oldest are forgotten beyond so many. */
const keptMax = 2_000
const again = { firstMs: 1_000, longestMs: 60_000 }

export function cachedTokens(
  fetch: FetchToken,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): TokenSource {
  const kept = new Map<string, Kept>()
  const asking = new Map<string, Promise<string>>()
  const failures = new Map<string, Fault>()
  const backoff = makeBackoff(random, again)

  const keep = (key: string, { token, livesMs }: FreshToken): string => {
    const sinceMs = clock.monotonicMs()
    const lifeMs = livesMs ?? unknownLifeMs
    const renewMs = sinceMs + lifeMs - Math.min(earlyMsMax, lifeMs / 10)
    kept.delete(key)
    kept.set(key, { token, sinceMs, renewMs, untilMs: sinceMs + lifeMs })
    const oldest = kept.keys().next().value
    if (kept.size > keptMax && oldest !== undefined) kept.delete(oldest)
    backoff.succeeded(key)
    failures.delete(key)
    return token
  }

  const ask = async (key: string, owner: MailAddress | null): Promise<string> => {
    try {
      return keep(key, await fetch(owner))
    } catch (error) {
      backoff.failed(key, clock.monotonicMs())
      const fault = error instanceof Fault ? error : new Fault('imap.token_unavailable', '', error)
      failures.set(key, fault)
      throw fault
    } finally {
      asking.delete(key)
    }
  }

  const newer = (key: string, owner: MailAddress | null): Promise<string> => {
    const running = asking.get(key)
    if (running) return running
    const fault = failures.get(key)
    if (fault && backoff.untilMs(key) > clock.monotonicMs()) return Promise.reject(fault)
    const asked = ask(key, owner)
    asking.set(key, asked)
    return asked
  }

  return {
    token: async (owner) => {
      const key = owner ?? ''
      const nowMs = clock.monotonicMs()
      const have = kept.get(key)
      if (have && nowMs < have.renewMs) return have.token
      try {
        return await newer(key, owner)
      } catch (error) {
        if (have && clock.monotonicMs() < have.untilMs && kept.get(key) === have) return have.token
        throw error
      }
    },
    refused: (owner, token) => {
      const key = owner ?? ''
      const have = kept.get(key)
      if (!have || have.token !== token) return true
      if (clock.monotonicMs() - have.sinceMs < youngMs) return false
      kept.delete(key)
      return true
    },
  }
}
