/** Opens the SQLite store: migrates, then reads in the caller's thread and writes through the one writer. */
import type { AggregateName, Aggregates, Changed, Store } from '../store.ts'
import { aggregateNames, aggregates, methodsOn } from './aggregates.ts'
import { type Db, openDatabase } from './database.ts'
import { migrate } from './migrate.ts'
import { assertSound } from './soundness.ts'
import { startWriterThread, type WriterPort } from './threaded-writer.ts'
import { noteTrouble } from './trouble.ts'
import { type CommitHooks, makeWriter, type WriteAnswer } from './writer.ts'

export interface SqliteOptions {
  readonly path: string
  /** Where the writer runs: its own thread (servers), or the caller's (simulation, one-shot commands). */
  readonly writer: 'thread' | 'inline'
  /** Called around each commit of an inline writer. */
  readonly hooks?: CommitHooks
  readonly nowMs: () => number
  /** A file up to this size is read whole before it is used, to find damage; 0 where absent: only its headers are. */
  readonly wholeCheckBytesMax?: number
  /** Told the versions that were applied at opening, if there were any. */
  readonly onMigrated?: (versions: readonly number[]) => void
  /** Told after each commit of the writer's: how many calls it held. */
  readonly onBatch?: (calls: number) => void
  /** Told of each call, from its making until its commit was on disk. */
  readonly onWritten?: (tookMs: number) => void
  /** For `onWritten`. */
  readonly monotonicMs?: () => number
  /** Calls `check` again and again to notice other processes' commits; returns how to stop. */
  readonly poll?: (check: () => void) => () => void
}

type Tell = (changed: ReadonlySet<Changed>) => void

/** @throws Fault store.newer_schema, store.changed_migration, store.damaged, store.unavailable */
export function openSqliteStore(options: SqliteOptions): Store {
  assertSound(options.path, options.wholeCheckBytesMax ?? 0)
  const applied = migrate(options.path, options.nowMs)
  if (applied.length > 0) options.onMigrated?.(applied)
  const reader = openDatabase(options.path, 'read')
  const writer = noteTrouble(
    timed(
      options.writer === 'thread' ? startWriterThread(options.path, options.onBatch) : inlineWriter(options),
      options,
    ),
    options.nowMs,
  )
  const listeners = new Set<Tell>()
  const tell: Tell = (changed) => {
    for (const listener of listeners) listener(changed)
  }
  const stopPolling = options.poll?.(foreignCommits(reader, tell))
  const read = methodsOn(reader)
  const facade = <K extends AggregateName>(name: K): Aggregates[K] => makeFacade(name, read, writer, tell)
  return {
    installation: facade('installation'),
    users: facade('users'),
    groups: facade('groups'),
    invitations: facade('invitations'),
    activations: facade('activations'),
    access: facade('access'),
    audit: facade('audit'),
    accounts: facade('accounts'),
    handhelds: facade('handhelds'),
    policies: facade('policies'),
    queue: facade('queue'),
    rollovers: facade('rollovers'),
    deliveries: facade('deliveries'),
    watches: facade('watches'),
    mail: facade('mail'),
    relay: facade('relay'),
    retention: facade('retention'),
    onCommit: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    backup: (path) => reader.backup(path),
    trouble: () => writer.trouble(),
    close: async () => {
      stopPolling?.()
      await writer.close()
      reader.close()
    },
  }
}

/** The port's promises over the two ways to run a method. */
function makeFacade<K extends AggregateName>(
  name: K,
  read: ReturnType<typeof methodsOn>,
  writer: WriterPort,
  tell: Tell,
): Aggregates[K] {
  const reads: ReadonlySet<string> = new Set(aggregates[name].reads)
  const { touches } = aggregates[name]
  const own: ReadonlySet<Changed> = new Set([name])
  const methods = new Map<string, (...args: unknown[]) => Promise<unknown>>()
  const bind = (method: string) =>
    reads.has(method)
      ? async (...args: unknown[]) => read(name, method)(...args)
      : async (...args: unknown[]) => {
          const value = await writer.write({ aggregate: name, method, args })
          tell(touches ? new Set(touches(method, args)) : own)
          return value
        }
  return new Proxy(Object.create(null) as Aggregates[K], {
    get: (_target, method) => {
      if (typeof method !== 'string' || method === 'then') return undefined
      const known = methods.get(method) ?? bind(method)
      methods.set(method, known)
      return known
    },
  })
}

function timed(writer: WriterPort, { onWritten, monotonicMs }: SqliteOptions): WriterPort {
  if (!onWritten || !monotonicMs) return writer
  return {
    write: async (call) => {
      const startedMs = monotonicMs()
      const value = await writer.write(call)
      onWritten(monotonicMs() - startedMs)
      return value
    },
    close: () => writer.close(),
  }
}

function inlineWriter({ path, hooks, nowMs }: SqliteOptions): WriterPort {
  const db = openDatabase(path, 'write')
  const write = makeWriter(db, nowMs, hooks)
  return {
    write: async (call) => {
      const [answer] = write([{ id: 0, ...call }])
      return settled(answer)
    },
    close: async () => db.close(),
  }
}

function settled(answer: WriteAnswer | undefined): unknown {
  if (answer?.ok) return answer.value
  throw answer?.error
}

/** A connection's `data_version` moves when any other connection has committed, our own writer included. */
function foreignCommits(reader: Db, tell: Tell): () => void {
  const everything: ReadonlySet<Changed> = new Set([...aggregateNames, 'work', 'grants'])
  const version = () => reader.one<{ data_version: number }>('PRAGMA data_version')?.data_version
  let last = version()
  return () => {
    const now = version()
    if (now === last) return
    last = now
    tell(everything)
  }
}
