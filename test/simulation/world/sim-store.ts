/** The shipping SQLite store for one process, with a way to it that takes time, fails and dies at commits. */
import { Fault } from '#kernel/fault.ts'
import type { Change } from '#store/activations.ts'
import { aggregateNames, aggregates } from '#store/sqlite/aggregates.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import type { AggregateName, Aggregates, Store } from '#store/store.ts'
import { never, type SimProcess } from './sim-process.ts'

/** One call of a method of the store, by the name it has in the port. */
export interface StoreCall {
  readonly name: `${AggregateName}.${string}`
  readonly args: readonly unknown[]
}

/** What stands between a process and its store. */
export interface StoreWorld {
  /** Around each commit: throws where the store fails here, kills the process where it dies. */
  beforeCommit(process: SimProcess, methods: readonly string[]): void
  afterCommit(process: SimProcess, methods: readonly string[]): void
  /** Hears of other processes' commits by and by; returns how to stop. */
  watch(process: SimProcess, check: () => void): () => void
  /** A change was committed. */
  took(change: Change): void
  /** Makes the call; a planted mistake makes another of it. */
  call(process: SimProcess, call: StoreCall, make: (call: StoreCall) => Promise<unknown>): Promise<unknown>
}

export function openSimStore(
  world: StoreWorld,
  process: SimProcess,
  path: string,
  onMigrated: (versions: readonly number[]) => void,
): Store {
  const raw = openSqliteStore({
    path,
    writer: 'inline',
    nowMs: process.clock.nowMs,
    onMigrated,
    hooks: {
      beforeCommit: (methods) => world.beforeCommit(process, methods),
      afterCommit: (methods) => world.afterCommit(process, methods),
    },
    poll: (check) => world.watch(process, () => process.run(check)),
  })
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await raw.close()
  }
  // A moment later: it may die in the middle of a transaction, which is then undone.
  process.onDeath(() => queueMicrotask(() => void close()))
  const facades = aggregateNames.map((name) => [name, facade(world, process, raw, name)])
  return {
    ...(Object.fromEntries(facades) as Aggregates),
    onCommit: (listener) => raw.onCommit((changed) => process.run(() => listener(changed))),
    backup: (file) => raw.backup(file),
    trouble: () => raw.trouble(),
    close,
  }
}

function facade<K extends AggregateName>(
  world: StoreWorld,
  process: SimProcess,
  raw: Store,
  aggregate: K,
): Aggregates[K] {
  const reads: ReadonlySet<string> = new Set(aggregates[aggregate].reads)
  const onDisk = async ({ name, args }: StoreCall): Promise<unknown> => {
    const [owner = '', method = ''] = name.split('.')
    const target: Record<string, (...args: readonly unknown[]) => Promise<unknown>> = Reflect.get(raw, owner)
    return target[method]?.(...args)
  }
  const make = async (call: StoreCall): Promise<unknown> => {
    if (!process.alive) return never()
    if (reads.has(call.name.split('.')[1] ?? '')) return onDisk(call)
    await process.sleep(process.chance.below(3))
    try {
      const value = await onDisk(call)
      if (call.name === 'activations.commit' && value === 'done') world.took(call.args[0] as Change)
      return value
    } finally {
      // Where the process has died meanwhile, this is where it ends.
      await (process.alive ? process.sleep(process.chance.below(3)) : never())
    }
  }
  return new Proxy(Object.create(null) as Aggregates[K], {
    get: (_target, method) =>
      typeof method !== 'string' || method === 'then'
        ? undefined
        : (...args: readonly unknown[]) =>
            world.call(process, { name: `${aggregate}.${method}`, args }, make),
  })
}

export const diskFailure = (): Fault => new Fault('store.unavailable', 'the disk failed')
