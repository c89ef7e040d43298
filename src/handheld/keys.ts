/** The keys of an account: the current one in its link, and beside it those of a rollover (docs/protocol.md). */
import type { Random } from '#kernel/random.ts'
import type { Ask } from './asking.ts'
import { type KeyLink, resumeLink } from './link.ts'
import { ruleNumber } from './rules.ts'
import type { Account } from './state.ts'

export interface KeyRing {
  /** When the current key came to be that: its life counts from then. */
  readonly sinceMs: number
  /** Added to its life, so that handhelds of one day do not begin all at once. */
  readonly jitterMs: number
  /** The key before, for what was sealed under it and is still on its way. */
  readonly previous: { readonly link: KeyLink; readonly untilMs: number } | null
  readonly rollover: Rolling | null
  /** Ids of keys that are gone, newest last: none is taken again. */
  readonly spent: readonly number[]
}

/** A rollover as this end sees it. `offer` and `answer` are the messages' contents. */
export type Rolling = Offered | Answered | Checking | Closing

/** Our offer waits for its answer. */
export interface Offered {
  readonly stage: 'offered'
  readonly kid: number
  readonly offer: Uint8Array
  readonly scalar: Uint8Array
  /** Of the offer's ML-KEM key; null where it has none. */
  readonly kemSeed: Uint8Array | null
  readonly startedAtMs: number
  readonly ask: Ask
}

interface Pending {
  /** Of the key to be; its key check is made and waits. */
  readonly link: KeyLink
  readonly offer: Uint8Array
  readonly answer: Uint8Array
  /** The number of the packet with the server's half. */
  readonly heardSeq: number
}

/** The server's offer is answered; its key check is what comes next. */
export interface Answered extends Pending {
  readonly stage: 'answered'
  readonly payload: Uint8Array
  readonly atMs: number
}

/** Our key check waits for the server's. */
export interface Checking extends Pending {
  readonly stage: 'checking'
  readonly ask: Ask
}

/** The new key is current; the old one goes when both ends have said that they need it no more. */
export interface Closing {
  readonly stage: 'closing'
  readonly side: 'proposer' | 'other'
  readonly oldKid: number
  /** Our word, once it is said. */
  readonly done: Uint8Array | null
  readonly doneSeen: boolean
  readonly ask: Ask | null
}

const dayMs = 86_400_000
const halfDayMs = dayMs / 2
const standardLifeDays = 30
export const oldKeyLivesMs = 7 * dayMs
const spentMax = 256
/** So close to 2^32 packets it is time for another key. */
const packetsMax = 2 ** 32 - 2 ** 20

export const newRing = (nowMs: number, random: Random, spent: readonly number[]): KeyRing => ({
  sinceMs: nowMs,
  jitterMs: jitter(random),
  previous: null,
  rollover: null,
  spent,
})

/** Between 12 hours less and 12 hours more. */
export function jitter(random: Random): number {
  const drawn = new DataView(random.bytes(4).slice().buffer).getUint32(0)
  return Math.round((drawn / 2 ** 32) * 2 * halfDayMs - halfDayMs)
}

export const withSpent = (ring: KeyRing, ...kids: readonly number[]): KeyRing => ({
  ...ring,
  spent: [...ring.spent, ...kids].slice(-spentMax),
})

/** The link under which a packet of the server is opened: the current one, or the one before. */
export function linkOf({ link, keys }: Account, kid: number): KeyLink | null {
  if (link.kid === kid) return link
  return keys.previous?.link.kid === kid ? keys.previous.link : null
}

/** The account with what has changed in one of its links. */
export function withLink(account: Account, link: KeyLink): Account {
  if (account.link.kid === link.kid) return { ...account, link }
  const { previous } = account.keys
  return previous?.link.kid === link.kid
    ? { ...account, keys: { ...account.keys, previous: { ...previous, link } } }
    : account
}

/** Whether a key of this id is or was held. */
export function isHeld({ link, keys }: Account, kid: number): boolean {
  const { previous, rollover, spent } = keys
  const pending = rollover && ('link' in rollover ? rollover.link.kid : 'kid' in rollover ? rollover.kid : 0)
  return [link.kid, previous?.link.kid, pending, ...spent].includes(kid)
}

/** Every id that an account has used up, its current key's as well: it has an heir. */
export function spentBy({ link, keys }: Account): readonly number[] {
  const { previous, rollover } = keys
  const pending = rollover && 'link' in rollover ? rollover.link.kid : null
  const ids = [pending, previous?.link.kid, link.kid].filter((kid) => typeof kid === 'number')
  return withSpent(keys, ...ids).spent
}

/** When the current key is to be rolled over; the policy may shorten its life. */
export function dueToRollMs(account: Account): number | null {
  const { keys, link } = account
  if (isRolling(keys)) return null
  if (link.nextSeq % 2 ** 32 >= packetsMax) return keys.sinceMs
  return keys.sinceMs + lifeDays(account) * dayMs + keys.jitterMs
}

/** One at a time: the old key of the last one must be gone. */
export const isRolling = ({ rollover, previous }: KeyRing): boolean =>
  previous !== null || (rollover !== null && rollover.stage !== 'closing')

const lifeDays = (account: Account): number =>
  Math.min(standardLifeDays, ruleNumber({ account }, 'key_life_days') ?? standardLifeDays)

/** After a restart. A date that was set back since takes the keys' times with it. */
export function resumeRing(ring: KeyRing, nowMs: number): KeyRing {
  const { previous, rollover } = ring
  return {
    ...ring,
    sinceMs: Math.min(ring.sinceMs, nowMs),
    previous: previous && {
      link: resumeLink(previous.link),
      untilMs: Math.min(previous.untilMs, nowMs + oldKeyLivesMs),
    },
    rollover: rollover && 'link' in rollover ? { ...rollover, link: resumeLink(rollover.link) } : rollover,
  }
}
