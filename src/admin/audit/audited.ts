/**
 * The use cases as one caller has them: what the role does not allow is refused, and whatever changes something is
 * written into the audit log, whichever way it was asked for. The intent is on disk before the act begins, and its
 * outcome after it: a crash between the two leaves an intent without an outcome, never an act without a line.
 */
import { begun, brokenOff, done } from '#audit/line.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import type { Caller } from '../access/caller.ts'
import { mayDo } from '../access/roles.ts'
import type { Admin } from '../admin.ts'
import { streams } from '../socket/operations.ts'
import { type Ledger, type LedgerEnv, makeLedger } from './ledger.ts'
import { type ActRule, reads } from './rule.ts'
import { auditRules } from './rules.ts'

/** Answers of a stream whose lines share a commit. */
const eachMax = 100

type Method = (...args: readonly unknown[]) => unknown

/** `admin` for `caller`. Every way to the use cases goes through here. */
export function asCaller(admin: Admin, caller: Caller, env: LedgerEnv): Admin {
  const around = { admin, caller, env }
  const wrapped = Object.entries(admin).map(([group, cases]) => [
    group,
    typeof cases === 'function' ? guarded(group, cases, around) : guardedGroup(group, cases, around),
  ])
  // The same names, arguments and answers as `admin` has.
  return Object.fromEntries(wrapped) as Admin
}

interface Around {
  readonly admin: Admin
  readonly caller: Caller
  readonly env: LedgerEnv
}

const guardedGroup = (group: string, cases: object, around: Around): object =>
  Object.fromEntries(
    Object.entries(cases).map(([name, method]) => [name, guarded(`${group}.${name}`, method, around)]),
  )

function guarded(operation: string, method: Method, { admin, caller, env }: Around): Method {
  // What nobody has written a rule for counts as an act, of which nothing but the name is known.
  const rule = Object.hasOwn(auditRules, operation) ? auditRules[operation] : undefined
  const allowed = mayDo(caller.role, operation)
  if (allowed && rule === reads) return method
  const act: ActRule = rule === undefined || rule === reads ? {} : rule
  const ledger = (args: readonly unknown[]): Ledger =>
    makeLedger({ operation, act, args, admin, caller, env })
  const looks = (args: readonly unknown[]): boolean => allowed && act.when?.(args) === false
  if (Object.hasOwn(streams, operation))
    return (...args) => {
      if (looks(args)) return method(...args)
      return allowed ? followed(method, args, act, ledger(args)) : refusedStream(ledger(args))
    }
  return (...args) => {
    if (looks(args)) return method(...args)
    return allowed ? performed(method, args, ledger(args)) : refused(ledger(args))
  }
}

async function performed(method: Method, args: readonly unknown[], ledger: Ledger): Promise<unknown> {
  const intent = await ledger.intend(begun)
  let result: unknown
  try {
    result = await method(...args)
  } catch (error) {
    await ledger.answer(intent, faultCodeOf(error))
    throw error
  }
  await ledger.answer(intent, done, result)
  return result
}

async function* followed(
  method: Method,
  args: readonly unknown[],
  act: ActRule,
  ledger: Ledger,
): AsyncGenerator<unknown> {
  const intent = await ledger.intend(begun)
  let waiting: unknown[] = []
  let outcome: string = brokenOff
  const flush = async (): Promise<void> => {
    const items = waiting
    waiting = []
    if (items.length > 0) await ledger.each(items)
  }
  try {
    for await (const item of method(...args) as AsyncIterable<unknown>) {
      if (act.each && waiting.push(item) >= eachMax) await flush()
      yield item
    }
    outcome = done
  } catch (error) {
    outcome = faultCodeOf(error)
    throw error
  } finally {
    await flush()
    await ledger.answer(intent, outcome)
  }
}

async function refused(ledger: Ledger): Promise<never> {
  const fault = new Fault('admin.not_allowed', ledger.says)
  await ledger.intend(fault.code)
  throw fault
}

// biome-ignore lint/correctness/useYield: it never comes to an answer
async function* refusedStream(ledger: Ledger): AsyncGenerator<never> {
  await refused(ledger)
}
