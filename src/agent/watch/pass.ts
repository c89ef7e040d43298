/** Looks once at the counters of many folders, over the pool, in portions that let urgent work come between. */
import { Fault } from '#kernel/fault.ts'
import type { WatchedFolder } from '#mailbox/access.ts'
import type { MailboxConnection, MailLogin } from '#mailbox/mailbox.ts'
import type { PoolUse } from '#mailbox/pool.ts'
import { loginKey } from '#mailbox/pool-slots.ts'
import type { WatchContext } from './context.ts'
import { lookByListStatus } from './list-status.ts'
import { noteFault } from './note.ts'
import { makeShardFinder, shardsOf } from './shards.ts'
import { isOneUsers, lookByStatus, type Placed } from './status.ts'
import { makeSuspects } from './suspects.ts'

export interface Pass {
  /** @throws Fault when the server cannot be reached: the pass is broken off, and the next begins again. */
  look(folders: readonly WatchedFolder[], use?: PoolUse): Promise<void>
  close(): Promise<void>
}

/** So many are asked for at least before the connection is given to somebody who waits for one. */
const portionMin = 50
/** Fewer inboxes than that are listed by one connection. */
const shardMin = 2_500
/** Connections that are left to read what the lists tell of while they come in. */
const forReaders = 1
/** A mailbox that takes longer is looked at apart from the others from then on. */
const patienceMs = 15_000
/** So many connections one after the other that broke on the first question: it is the server, not a mailbox. */
const brokenMax = 2

export function makePass(context: WatchContext): Pass {
  const suspects = makeSuspects(context)
  return {
    look: async (folders, use = {}) => {
      const placed = folders.map((watched) => ({ watched, ...context.access.place(watched) }))
      const atOnce = context.pool.stats().max
      const workers: (() => Promise<void>)[] = []
      for (const group of Map.groupBy(placed, ({ login }) => loginKey(login)).values()) {
        const login = group[0]?.login ?? { as: 'service' }
        const named = group.map(({ name, watched }): Placed => [name, watched])
        const sound = named.filter((folder) => !suspects.has(folder))
        for (const folder of named) if (suspects.has(folder)) suspects.add(login, folder)
        const rest = makeRest(login.as === 'service' ? await listFirst(context, sound, use) : sound)
        const many = Math.min(atOnce, Math.ceil(rest.size() / portionMin))
        for (let left = many; left > 0; left -= 1) workers.push(() => lookAtRest(context, login, rest, use))
      }
      await runAtOnce(workers, atOnce)
    },
    close: suspects.close,
  }
}

/** What remains to be looked at, shared by all connections with the same log-in. */
interface Rest {
  size(): number
  /** Takes them one by one, until `isEnough` says of so many taken that it is. */
  take(isEnough: (taken: number) => boolean): Iterable<Placed>
  putBack(folders: readonly Placed[]): void
}

function makeRest(folders: readonly Placed[]): Rest {
  const rest = folders.toReversed()
  return {
    size: () => rest.length,
    take: function* (isEnough) {
      for (let taken = 0; !isEnough(taken); taken += 1) {
        const folder = rest.pop()
        if (!folder) return
        yield folder
      }
    },
    putBack: (some) => void rest.push(...some.toReversed()),
  }
}

/** The lists answer for most; returns what remains to be asked for one by one. */
async function listFirst(
  context: WatchContext,
  folders: readonly Placed[],
  use: PoolUse,
): Promise<readonly Placed[]> {
  const { pool, access, ladder } = context
  const pattern = access.listPattern
  if (pattern === null) return folders
  // A connection shows what the server can do.
  await pool.use({ as: 'service' }, async () => {}, use)
  if (ladder.look() !== 'list_status') return folders
  const owners = folders.map(([, { owner }]) => owner)
  const many = Math.min(Math.max(1, pool.stats().max - forReaders), Math.ceil(owners.length / shardMin))
  const shards = shardsOf(owners, many)
  const shardOf = makeShardFinder(shards)
  const parts = Map.groupBy(folders, ([, { owner }]) => shardOf(owner))
  const missing: Placed[] = []
  const lists = [...parts].map(([shard, some]) => async () => {
    const list = (connection: MailboxConnection) =>
      lookByListStatus(context, connection, shard.map(pattern), some)
    missing.push(...(await pool.use({ as: 'service' }, list, use)))
  })
  await runAtOnce(lists, pool.stats().max)
  return missing
}

/** A mailbox that the connection breaks on costs the others behind it a new connection, and nothing else. */
async function lookAtRest(context: WatchContext, login: MailLogin, rest: Rest, use: PoolUse): Promise<void> {
  const { pool } = context
  const isEnough = (taken: number) => taken >= portionMin && pool.stats().waiting > 0
  let broken = 0
  const look = async (connection: MailboxConnection): Promise<void> => {
    const { looked, left } = await lookByStatus(context, connection, rest.take(isEnough), patienceMs)
    rest.putBack(left)
    broken = looked === 1 && !connection.usable() ? broken + 1 : 0
  }
  try {
    while (rest.size() > 0) {
      await pool.use(login, look, use)
      if (broken === brokenMax && rest.size() > 0) throw new Fault('imap.unreachable', 'no answers')
    }
  } catch (error) {
    if (login.as === 'service' || !isOneUsers(error)) throw error
    for (const [, watched] of rest.take(() => false)) noteFault(context, watched, error.code)
  }
}

async function runAtOnce(works: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  const rest = works.values()
  const worker = async () => {
    for (const work of rest) await work()
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
