/**
 * The watch ladder: which ways of hearing about new mail are used, and why a better one is not. Pure.
 * The first word comes by hints (relay, push hook) and IDLE; what they miss is found by looking at counters, for
 * which one strategy is chosen; and behind all of them stands the pass over every mailbox on a fresh connection.
 */
import type { FaultCode } from '#kernel/fault.ts'
import type { MailboxAbilities } from '#mailbox/mailbox.ts'

/** Ways of looking at counters, the best first. */
export const counterLooks = ['list_status', 'status', 'login'] as const
export type CounterLook = (typeof counterLooks)[number]
export type Strategy = 'relay_hint' | 'push' | CounterLook | 'idle' | 'interval'
/** `auto`: the best that works. `interval`: nothing but the pass over every mailbox. */
export type WantedStrategy = 'auto' | CounterLook | 'idle' | 'interval'

export interface Proof {
  readonly atMs: number
  /** How long the mail had been there when it was told of; null: it was not told of in time. */
  readonly tookMs: number | null
}

export interface WatchFacts {
  readonly strategy: WantedStrategy
  /** Whether the service account sees all inboxes under one name. */
  readonly isNamespace: boolean
  /** Null: no connection was made yet. */
  readonly abilities: MailboxAbilities | null
  readonly mailboxes: number
  readonly relayHint: boolean
  readonly pushHook: boolean
  readonly idleConnectionsMax: number
  /** What a canary has shown. */
  readonly proofs: ReadonlyMap<Strategy, Proof>
}

export interface Rung {
  readonly strategy: Strategy
  /** `spare`: a better one is used. */
  readonly use: 'used' | 'spare' | 'off' | 'unable' | 'failed'
  /** Why, as a sentence. */
  readonly says: string
  readonly code: FaultCode | null
  readonly sinceMs: number | null
}

/** Below so many mailboxes asking for each is cheaper than a list of all that the server has. */
const listFoldersMin = 16

/** All rungs, the best first. */
export function climb(facts: WatchFacts): readonly Rung[] {
  const looks: Rung[] = []
  for (const look of counterLooks) {
    const rung = lookRung(facts, look)
    const better = looks.find(({ use }) => use === 'used')
    looks.push(
      better && rung.use === 'used'
        ? { ...rung, use: 'spare', says: `Stands by: ${titles[better.strategy]} is better.` }
        : rung,
    )
  }
  return [hintRung(facts), pushRung(facts), ...looks, idleRung(facts), interval]
}

/** The way of looking at counters that is used; null: there is none, the pass over all does it. */
export const counterLookOf = (rungs: readonly Rung[]): CounterLook | null =>
  counterLooks.find((look) => rungs.some(({ strategy, use }) => strategy === look && use === 'used')) ?? null

export const titles: Readonly<Record<Strategy, string>> = {
  relay_hint: "the relay's hint",
  push: "the mail server's push hook",
  list_status: 'LIST-STATUS',
  status: 'STATUS of each mailbox',
  login: 'a log-in for each user',
  idle: 'IDLE',
  interval: 'the pass over every mailbox',
}

const rung = (strategy: Strategy, use: Rung['use'], says: string): Rung => ({
  strategy,
  use,
  says,
  code: null,
  sinceMs: null,
})

const interval = rung('interval', 'used', 'Finds what all others have missed.')

const hintRung = ({ relayHint }: WatchFacts): Rung =>
  relayHint
    ? rung('relay_hint', 'used', 'The relay says when it has mailed a request.')
    : rung('relay_hint', 'off', '`agent.relay_hint` is off.')

const pushRung = ({ pushHook }: WatchFacts): Rung =>
  pushHook
    ? rung('push', 'used', 'The mail server says when it has delivered a mail.')
    : rung('push', 'off', '`agent.push_token_file` is empty.')

function lookRung(facts: WatchFacts, look: CounterLook): Rung {
  const { strategy: wanted, proofs } = facts
  if (wanted !== 'auto' && wanted !== look) return rung(look, 'off', `\`imap.strategy\` is "${wanted}".`)
  const unable = whyUnable(facts, look)
  if (unable !== null) return rung(look, 'unable', unable)
  const proof = proofs.get(look)
  if (proof?.tookMs === null && wanted === 'auto') return failed(look, proof)
  return rung(look, 'used', proved(words[look](facts), proof))
}

const failed = (strategy: Strategy, { atMs }: Proof): Rung => ({
  strategy,
  use: 'failed',
  says: "A mail was put into the canary's mailbox, and this did not tell of it in time.",
  code: 'watch.not_told',
  sinceMs: atMs,
})

const proved = (says: string, proof: Proof | undefined): string =>
  proof?.tookMs == null ? says : `${says} A canary's mail was told of after ${proof.tookMs} ms.`

function whyUnable({ isNamespace, abilities, mailboxes }: WatchFacts, look: CounterLook): string | null {
  if (look === 'login')
    return isNamespace ? 'Not needed: the service account sees all mailboxes under one name.' : null
  if (!isNamespace) return 'The service account does not see all mailboxes under one name (`imap.access`).'
  if (look === 'status') return null
  if (abilities === null) return 'No connection to the IMAP server was made yet.'
  if (!abilities.listStatus) return 'The IMAP server does not offer LIST-STATUS (RFC 5819).'
  return mailboxes < listFoldersMin ? `Not worth it for fewer than ${listFoldersMin} mailboxes.` : null
}

const words: Readonly<Record<CounterLook, (facts: WatchFacts) => string>> = {
  list_status: ({ mailboxes }) => `One answer tells of all ${mailboxes} mailboxes.`,
  status: () => 'Each mailbox is asked for by the service account.',
  login: () => 'Each mailbox is asked for on behalf of its user.',
}

function idleRung({ strategy: wanted, abilities, idleConnectionsMax, proofs }: WatchFacts): Rung {
  if (wanted !== 'auto' && wanted !== 'idle') return rung('idle', 'off', `\`imap.strategy\` is "${wanted}".`)
  if (idleConnectionsMax === 0) return rung('idle', 'off', '`agent.idle` is off.')
  if (abilities && !abilities.idle)
    return rung('idle', 'unable', 'The IMAP server does not offer IDLE (RFC 2177).')
  const proof = proofs.get('idle')
  if (proof?.tookMs === null && wanted === 'auto') return failed('idle', proof)
  const says = `Up to ${idleConnectionsMax} users who may activate are waited for.`
  return rung('idle', 'used', proved(says, proof))
}
