/** The lines of one act: what goes into them, and in which order they are written. */
import { type AuditEntry, begun } from '#audit/line.ts'
import type { Clock } from '#kernel/clock.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import { canonicalEmail } from '#protocol/canonical.ts'
import type { AuditStore } from '#store/audit.ts'
import type { Caller } from '../access/caller.ts'
import type { Admin } from '../admin.ts'
import { typedPin } from '../lookup.ts'
import type { ActRule, Json } from './rule.ts'

export interface LedgerEnv {
  readonly audit: Pick<AuditStore, 'append'>
  readonly clock: Clock
  readonly log: Log
}

export interface Ledger {
  /** Who wanted what, for the words of a refusal. */
  readonly says: string
  /** A line that stands for itself or, with `begun`, waits for its answer. Returns its number. @throws Fault store.* */
  intend(outcome: string): Promise<number>
  /** What came of an intent. Where it cannot be written the act stays done: the intent then shows no outcome. */
  answer(intent: number, outcome: string, result?: unknown): Promise<void>
  /** Lines for some of a stream's answers, in one commit. */
  each(items: readonly unknown[]): Promise<void>
}

/** Longest JSON text of what changed, in UTF-16 units. */
const changeLengthMax = 8_192
const subjectLengthMax = 256

export interface Act {
  readonly operation: string
  readonly act: ActRule
  readonly args: readonly unknown[]
  readonly admin: Admin
  readonly caller: Caller
  readonly env: LedgerEnv
}

export function makeLedger({ operation, act, args, admin, caller, env }: Act): Ledger {
  const { audit, clock, log } = env
  const entry = (on: string, change: Change, outcome: string, answers: number | null = null): AuditEntry => ({
    atMs: clock.nowMs(),
    who: caller.who,
    role: caller.role,
    from: caller.from,
    what: operation,
    on,
    change: changeText(change),
    outcome,
    answers,
  })
  const subject = (result?: unknown): string => subjectText(act.on?.(args, result))
  return {
    says: `${operation} by ${caller.role}`,
    intend: async (outcome) => {
      const before = outcome === begun ? await beforeOf(act, admin, args) : null
      return audit.append([entry(subject(), { before, asked: act.asked?.(args) ?? null }, outcome)])
    },
    answer: async (intent, outcome, result) => {
      const after = result === undefined ? null : (act.after?.(result) ?? null)
      try {
        await audit.append([entry(subject(result), { after }, outcome, intent)])
      } catch (error) {
        log.error({ code: faultCodeOf(error), seq: intent }, 'the outcome of an act is not in the audit log')
      }
    },
    each: async (items) => {
      const lines = items.flatMap((item) => act.each?.(item) ?? [])
      await audit.append(lines.map(({ on, after, outcome }) => entry(subjectText(on), { after }, outcome)))
    },
  }
}

type Change = { readonly [name in 'before' | 'asked' | 'after']?: Json }

/** Nothing is known of the state before where it cannot be read; the act says by itself why. */
async function beforeOf(act: ActRule, admin: Admin, args: readonly unknown[]): Promise<Json> {
  try {
    return (await act.before?.(admin, args)) ?? null
  } catch {
    return null
  }
}

function changeText(change: Change): string {
  const said = Object.entries(change).filter(([, value]) => value !== null && value !== undefined)
  const text = JSON.stringify(Object.fromEntries(said)).toWellFormed()
  return text.length > changeLengthMax ? '{"too_long":true}' : text
}

/** As it is known everywhere else: addresses and PINs in their canonical form. */
export function subjectText(value: unknown): string {
  if (typeof value !== 'string') return ''
  const address = value.includes('@') ? canonicalEmail(value) : null
  if (address?.ok) return address.value
  return (typedPin(value) ?? value).slice(0, subjectLengthMax).toWellFormed()
}
