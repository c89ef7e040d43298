/** `postkey handheld screen`: what the handheld of this terminal holds, as its user would look it up. */

import { Fault } from '#kernel/fault.ts'
import { decodeItPolicy, type RuleValue } from '#protocol/it-admin.ts'
import { type BookSet, decodeBookSet } from '#protocol/service-book.ts'
import type { HandheldIo } from './cli-io.ts'
import { handheldDirectory, type Options } from './cli-options.ts'
import { readHandheld } from './file.ts'
import { sortRules } from './rules.ts'
import { type Account, type HandheldState, stageOf } from './state.ts'

/** @throws Fault handheld.idle where there is no handheld yet */
export async function screenCommand(io: HandheldIo, options: Options): Promise<void> {
  const saved = await readHandheld(handheldDirectory(io, options))
  if (!saved) throw new Fault('handheld.idle')
  const view = viewOf(saved.state)
  io.stdout.write(io.format === 'json' ? `${JSON.stringify(view, null, 2)}\n` : rendered(io, view))
}

export interface HandheldView {
  readonly stage: string
  readonly pin: string | null
  readonly address: string | null
  readonly organisation: string | null
  readonly servers: readonly string[]
  readonly algorithm: 'aes' | '3des' | null
  readonly activation: string | null
  /** How the last try ended, if it failed. */
  readonly failure: { readonly code: number; readonly text: string } | null
  readonly policy: {
    readonly number: number
    readonly rules: Readonly<Record<string, RuleValue>>
    readonly leftOut: readonly string[]
  } | null
  readonly books: readonly {
    readonly cid: string
    readonly uid: string
    readonly name: string
    readonly usable: boolean
  }[]
}

export function viewOf(state: HandheldState): HandheldView {
  const { run, account, failure, device } = state
  return {
    stage: stageOf(state),
    pin: device.pin,
    address: run?.address ?? account?.address ?? failure?.address ?? null,
    organisation: account?.organisation ?? null,
    servers: account?.servers ?? [],
    algorithm: account ? (account.link.suite === 1 ? 'aes' : '3des') : null,
    activation: run?.txn ?? account?.txn ?? failure?.txn ?? null,
    failure: failure && { code: failure.code, text: failure.text },
    policy: policyOf(account),
    books: booksOf(account),
  }
}

function policyOf(account: Account | null): HandheldView['policy'] {
  const policy = account?.policy && decodeItPolicy(account.policy.content)
  if (!policy?.ok) return null
  const { inForce } = sortRules(policy.value.rules) ?? { inForce: new Map() }
  return {
    number: policy.value.number,
    rules: Object.fromEntries(inForce),
    leftOut: account?.policy?.leftOut ?? [],
  }
}

function booksOf(account: Account | null): HandheldView['books'] {
  const set = account?.books && decodeBookSet(account.books.content)
  const books: BookSet['books'] = set?.ok ? set.value.books : []
  const leftOut = account?.books?.leftOut ?? []
  return books.map(({ cid, uid, name }) => ({ cid, uid, name, usable: !leftOut.includes(uid) }))
}

function rendered(io: HandheldIo, view: HandheldView): string {
  const facts: readonly (readonly [string, string | null])[] = [
    ['stage', view.stage],
    ['PIN', view.pin],
    ['address', view.address],
    ['organisation', view.organisation],
    ['servers', view.servers.join(', ') || null],
    ['algorithm', view.algorithm],
    ['activation', view.activation],
    ['last try', view.failure?.text ?? null],
    ['policy', view.policy && `number ${view.policy.number}`],
    ['not applied', view.policy?.leftOut.join(', ') || null],
  ]
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(14)}${value}\n`]))
  const rules = Object.entries(view.policy?.rules ?? {}).map(([name, value]) => [name, ruleText(value)])
  const books = view.books.map(({ cid, uid, name, usable }) => [cid, uid, name, usable ? 'yes' : 'no'])
  const tables = [
    rules.length > 0 ? io.table(['RULE', 'VALUE'], rules) : '',
    books.length > 0 ? io.table(['BOOK', 'UID', 'NAME', 'USABLE'], books) : '',
  ].filter((table) => table !== '')
  return [lines.join(''), ...tables].join('\n')
}

function ruleText(value: RuleValue): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return value instanceof Uint8Array ? `${value.length} bytes` : String(value)
}
