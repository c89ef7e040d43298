/**
 * `POST /hooks/mail`: a mail server's push hook says that a mail came. Who has the token may say so; whether there is
 * such a user is not told, neither by the answer nor by the time it takes.
 */
import type { Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { equalInConstantTime } from '#crypto/equal.ts'
import { sha256 } from '#crypto/hash.ts'
import { utf8 } from '#kernel/bytes.ts'
import type { Clock } from '#kernel/clock.ts'
import { type FaultCode, faultRow } from '#kernel/fault.ts'
import { makeBucket, type RateLimit } from '#kernel/rate.ts'
import { decodeMailHint, hintBytesMax, type MailHint } from './mail-hint.ts'

export interface MailHookParts {
  readonly clock: Clock
  /** The token of this moment; null: there is no such page. */
  token(): string | null
  /** Does what follows by itself: the answer is not for it to decide. */
  heard(hint: MailHint): void
  refused(code: HookRefusal): void
}

/** Twice what a Dovecot delivers at its fastest; the safety pass finds what was not heard. */
const hintRate: RateLimit = { perSecond: 1_000, burst: 2_000 }
/** Guessing gets no further than this; whoever has the token is not slowed down by it. */
const guessRate: RateLimit = { perSecond: 5, burst: 20 }

const statusOf = {
  'push.malformed': 400,
  'push.token': 401,
  'push.too_large': 413,
  'push.too_often': 429,
} as const satisfies Partial<Record<FaultCode, number>>

export type HookRefusal = keyof typeof statusOf

export function mountMailHook(app: Hono, parts: MailHookParts): void {
  const nowMs = parts.clock.monotonicMs()
  const [hints, guesses] = [makeBucket(hintRate, nowMs), makeBucket(guessRate, nowMs)]
  const refuse = (context: Context, code: HookRefusal) => {
    parts.refused(code)
    const { says, next } = faultRow(code)
    if (code === 'push.token') context.header('www-authenticate', 'Bearer')
    return context.json({ code, says, next }, statusOf[code])
  }
  app.post(
    '/hooks/mail',
    async (context, next) => {
      const token = parts.token()
      if (token === null) return context.notFound()
      const now = parts.clock.monotonicMs()
      if (isBearer(context.req.header('authorization'), token))
        return hints(now) ? next() : refuse(context, 'push.too_often')
      return refuse(context, guesses(now) ? 'push.token' : 'push.too_often')
    },
    bodyLimit({ maxSize: hintBytesMax, onError: (context) => refuse(context, 'push.too_large') }),
    async (context) => {
      const hint = decodeMailHint(new Uint8Array(await context.req.arrayBuffer()))
      if (!hint.ok) return refuse(context, 'push.malformed')
      parts.heard(hint.value)
      return context.body(null, 204)
    },
  )
}

/** RFC 6750 section 2.1. Hashes have one length, so that nothing tells the token's. */
function isBearer(header: string | undefined, token: string): boolean {
  const [, said = ''] = /^Bearer +(\S+)$/i.exec(header ?? '') ?? []
  return equalInConstantTime(sha256(utf8(said)), sha256(utf8(token)))
}
