/** Looks once at the counters of many folders, over the pool, in portions that let urgent work come between. */
import { Fault } from '#kernel/fault.ts'
import type { WatchedFolder } from '#mailbox/access.ts'
import type { MailboxConnection, MailLogin } from '#mailbox/mailbox.ts'
import type { PoolUse } from '#mailbox/pool.ts'
import { loginKey } from '#mailbox/pool-slots.ts'
import { chooseCounterLook } from './choose.ts'
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

/** A hint waits for one portion at most; at the slowest rate measured that is 50 ms. */
const portionMax = 50
/** Fewer inboxes than that are listed by one connection. */
const shardMin = 2_500
/** A mailbox that takes longer is looked at apart from the others from then on. */
const patienceMs = 15_000
/** So many connections one after the other that broke on the first question: it is the server, not a mailbox. */
const brokenMax = 2

export function makePass(context: WatchContext): Pass {
  const suspects = makeSuspects(context)
  return {
    look: async (folders, use = {}) => {
      const placed = folders.map((watched) => ({ watched, ...context.access.place(watched) }))
      const portions: (() => Promise<void>)[] = []
      for (const group of Map.groupBy(placed, ({ login }) => loginKey(login)).values()) {
        const login = group[0]?.login ?? { as: 'service' }
        const named = group.map(({ name, watched }): Placed => [name, watched])
        const sound = named.filter((folder) => !suspects.has(folder))
        for (const folder of named) if (suspects.has(folder)) suspects.add(login, folder)
        const rest = login.as === 'service' ? await listFirst(context, sound, use) : sound
        for (let at = 0; at < rest.length; at += portionMax) {
          portions.push(() => lookAtPortion(context, login, rest.slice(at, at + portionMax), use))
        }
      }
      await runAtOnce(portions, context.pool.stats().max)
    },
    close: suspects.close,
  }
}

/** The lists answer for most; returns what remains to be asked for one by one. */
async function listFirst(
  context: WatchContext,
  folders: readonly Placed[],
  use: PoolUse,
): Promise<readonly Placed[]> {
  const { pool, access } = context
  const pattern = access.listPattern
  if (pattern === null) return folders
  const look = await pool.use(
    { as: 'service' },
    async ({ abilities }) => chooseCounterLook(access, abilities, folders.length),
    use,
  )
  if (look !== 'list_status') return folders
  const owners = folders.map(([, { owner }]) => owner)
  const shards = shardsOf(owners, Math.min(pool.stats().max, Math.ceil(owners.length / shardMin)))
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
async function lookAtPortion(
  context: WatchContext,
  login: MailLogin,
  folders: readonly Placed[],
  use: PoolUse,
): Promise<void> {
  let rest = folders
  let broken = 0
  const look = (connection: MailboxConnection) => lookByStatus(context, connection, rest, patienceMs)
  try {
    while (rest.length > 0) {
      const before = rest.length
      rest = await context.pool.use(login, look, use)
      broken = before - rest.length === 1 ? broken + 1 : 0
      if (broken === brokenMax && rest.length > 0) throw new Fault('imap.unreachable', 'no answers')
    }
  } catch (error) {
    if (login.as === 'service' || !isOneUsers(error)) throw error
    for (const [, watched] of rest) noteFault(context, watched, error.code)
  }
}

async function runAtOnce(works: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  const rest = works.values()
  const worker = async () => {
    for (const work of rest) await work()
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
