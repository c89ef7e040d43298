/** What a handheld tells whoever looks at it: everything, or behind its lock only whose it is. */
import { decodeItPolicy, type RuleValue } from '#protocol/it-admin.ts'
import { type BookSet, decodeBookSet } from '#protocol/service-book.ts'
import { type PasswordDue, triesLeft } from './password.ts'
import { knownRules } from './rule-table.ts'
import { rulesInForce } from './rules.ts'
import { screenOf } from './screen.ts'
import { type Account, type HandheldState, stageOf } from './state.ts'
import { behindLock, gateOf, isLocked, ownerTextOf } from './unlock.ts'
import { wipeDueMs } from './wipe.ts'

export interface HandheldView {
  /** The line on the screen. */
  readonly text: string
  readonly stage: string
  readonly pin: string | null
  /** `all`, or what the user must do before more is shown: then all that follows the lock is empty. */
  readonly shows: 'all' | 'locked' | 'password_due'
  readonly locked: boolean
  readonly passwordDue: PasswordDue | null
  readonly passwordSet: boolean
  /** Wrong passwords until the handheld erases itself; null: it does not. */
  readonly triesLeft: number | null
  readonly ownerText: string | null
  readonly details: HandheldDetails | null
}

export interface HandheldDetails {
  readonly address: string | null
  readonly organisation: string | null
  readonly servers: readonly string[]
  readonly algorithm: 'aes' | '3des' | null
  readonly activation: string | null
  /** How the last try ended, if it failed. */
  readonly failure: { readonly code: number; readonly text: string } | null
  readonly policy: {
    readonly number: number
    readonly rules: readonly RuleView[]
    readonly leftOut: readonly string[]
  } | null
  readonly books: readonly {
    readonly cid: string
    readonly uid: string
    readonly name: string
    readonly usable: boolean
  }[]
  /** What an administrator signed and was not taken: the status that was answered, and why. */
  readonly refused: {
    readonly what: 'policy' | 'command'
    readonly status: number
    readonly says: string
    readonly at: string
  } | null
  readonly command: { readonly name: string; readonly number: number; readonly status: number } | null
  readonly wipe: { readonly scope: 'everything' | 'organisation'; readonly beginsAt: string } | null
}

export interface RuleView {
  readonly name: string
  readonly value: RuleValue
  readonly means: string
  /** Its value changes what this handheld does. */
  readonly obeyed: boolean
}

export function viewOf(state: HandheldState, nowMs: number): HandheldView {
  const gate = gateOf(state, nowMs)
  const locked = isLocked(state, nowMs)
  return {
    text: locked ? behindLock(state) : state.screen || screenOf(state),
    stage: stageOf(state),
    pin: state.device.pin,
    shows: gate.kind === 'open' ? 'all' : gate.kind,
    locked,
    passwordDue: gate.kind === 'password_due' ? gate.why : null,
    passwordSet: state.lock.password !== null,
    triesLeft: triesLeft(state),
    ownerText: ownerTextOf(state),
    details: gate.kind === 'open' ? detailsOf(state) : null,
  }
}

function detailsOf(state: HandheldState): HandheldDetails {
  const { run, account, failure } = state
  const wipeMs = wipeDueMs(state)
  const command = account?.command
  return {
    address: run?.address ?? account?.address ?? failure?.address ?? null,
    organisation: account?.organisation ?? null,
    servers: account?.servers ?? [],
    algorithm: account ? (account.link.suite === 1 ? 'aes' : '3des') : null,
    activation: run?.txn ?? account?.txn ?? failure?.txn ?? null,
    failure: failure && { code: failure.code, text: failure.text },
    policy: policyOf(state),
    books: booksOf(account),
    refused: refusedOf(state),
    command: command ? { name: command.name, number: command.number, status: command.status } : null,
    wipe:
      account?.wipe && wipeMs !== null
        ? { scope: account.wipe.scope, beginsAt: new Date(wipeMs).toISOString() }
        : null,
  }
}

function policyOf(state: HandheldState): HandheldDetails['policy'] {
  const stored = state.account?.policy
  const policy = stored && decodeItPolicy(stored.content)
  if (!policy?.ok) return null
  const inForce = rulesInForce(state)
  // In the table's order: what is obeyed first.
  const rules = [...knownRules].flatMap(([name, { means, obeyed }]) => {
    const value = inForce.get(name)
    return value === undefined ? [] : [{ name, value, means: means(value), obeyed }]
  })
  return { number: policy.value.number, rules, leftOut: stored?.leftOut ?? [] }
}

function booksOf(account: Account | null): HandheldDetails['books'] {
  const set = account?.books && decodeBookSet(account.books.content)
  const books: BookSet['books'] = set?.ok ? set.value.books : []
  const leftOut = account?.books?.leftOut ?? []
  return books.map(({ cid, uid, name }) => ({ cid, uid, name, usable: !leftOut.includes(uid) }))
}

const refusedFor: Readonly<Record<number, string>> = {
  2: 'its signature, chain or signer did not verify',
  3: 'it is meant for another server or handheld',
  4: 'its number is not newer than what is here',
  5: 'its form was not understood',
}

function refusedOf({ refusal }: HandheldState): HandheldDetails['refused'] {
  if (!refusal) return null
  const { what, status, reason, atMs } = refusal
  const says = refusedFor[status] ?? ''
  return {
    what,
    status,
    says: reason ? `${says} (${reason})` : says,
    at: new Date(atMs).toISOString(),
  }
}
