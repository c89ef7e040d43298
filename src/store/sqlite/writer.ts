import type { AggregateName } from '../store.ts'
import { methodsOn } from './aggregates.ts'
import { writeNotes } from './audit-notes.ts'
import type { Db } from './database.ts'

/** One call of a writing method, as it crosses to the writer's thread. */
export interface WriteCall {
  readonly id: number
  readonly aggregate: AggregateName
  readonly method: string
  readonly args: readonly unknown[]
}

export type WriteAnswer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: unknown }

/** Called around the commit of a batch, with the names of the methods in it; the simulation crashes here. */
export interface CommitHooks {
  beforeCommit?(methods: readonly string[]): void
  afterCommit?(methods: readonly string[]): void
}

/**
 * Group commit: runs a batch of calls in one `BEGIN IMMEDIATE` transaction, each inside a savepoint, so that
 * one that throws undoes itself alone; the answers exist only after the one commit. A call that is alone needs no
 * savepoint, which costs a copy of each page: undoing it is undoing the transaction.
 */
export function makeWriter(
  db: Db,
  nowMs: () => number,
  hooks: CommitHooks = {},
): (calls: readonly WriteCall[]) => WriteAnswer[] {
  const method = methodsOn(db)
  return (calls) => {
    try {
      db.step('BEGIN IMMEDIATE')
    } catch (error) {
      return calls.map(({ id }) => ({ id, ok: false, error }))
    }
    const names = calls.map((call) => `${call.aggregate}.${call.method}`)
    try {
      const run = calls.length === 1 ? runAlone : runOne
      const answers = calls.map((call) => run(db, call, method(call.aggregate, call.method)))
      writeNotes(db, nowMs)
      hooks.beforeCommit?.(names)
      db.step('COMMIT')
      hooks.afterCommit?.(names)
      return answers
    } catch (error) {
      rollBack(db)
      return calls.map(({ id }) => ({ id, ok: false, error }))
    }
  }
}

type Method = (...args: unknown[]) => unknown

const runAlone = (_db: Db, { id, args }: WriteCall, method: Method): WriteAnswer => ({
  id,
  ok: true,
  value: method(...args),
})

function runOne(db: Db, call: WriteCall, method: Method): WriteAnswer {
  db.step('SAVEPOINT one')
  try {
    const value = method(...call.args)
    db.step('RELEASE one')
    return { id: call.id, ok: true, value }
  } catch (error) {
    undoOne(db, error)
    return { id: call.id, ok: false, error }
  }
}

/**
 * A full disk or an I/O error makes SQLite end the whole transaction by itself: then there is no savepoint to go
 * back to, and everything the batch has done is undone. @throws the error itself, to end the batch
 */
function undoOne(db: Db, error: unknown): void {
  try {
    db.script('ROLLBACK TO one; RELEASE one')
  } catch {
    throw error
  }
}

function rollBack(db: Db): void {
  try {
    db.script('ROLLBACK')
  } catch {
    // The failed commit has already ended the transaction.
  }
}
