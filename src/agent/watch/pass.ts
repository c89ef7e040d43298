/** Looks once at the counters of many folders, over the pool, in portions that let urgent work come between. */
import type { WatchedFolder } from '#mailbox/access.ts'
import type { MailLogin } from '#mailbox/mailbox.ts'
import type { PoolUse } from '#mailbox/pool.ts'
import { loginKey } from '#mailbox/pool-slots.ts'
import { chooseCounterLook } from './choose.ts'
import type { WatchContext } from './context.ts'
import { lookByListStatus } from './list-status.ts'
import { noteFault } from './note.ts'
import { isOneUsers, lookByStatus, type Placed } from './status.ts'

/** A hint waits for one portion at most; at the slowest rate measured that is 50 ms. */
const portionMax = 50

/** @throws Fault when the server cannot be reached: the pass is broken off, and the next begins again. */
export async function lookAtCounters(
  context: WatchContext,
  folders: readonly WatchedFolder[],
  use: PoolUse = {},
): Promise<void> {
  const placed = folders.map((watched) => ({ watched, ...context.access.place(watched) }))
  const portions: (() => Promise<void>)[] = []
  for (const group of Map.groupBy(placed, ({ login }) => loginKey(login)).values()) {
    const login = group[0]?.login ?? { as: 'service' }
    const named = group.map(({ name, watched }): Placed => [name, watched])
    const rest = login.as === 'service' ? await listFirst(context, named, use) : named
    for (let at = 0; at < rest.length; at += portionMax) {
      portions.push(() => lookAtPortion(context, login, rest.slice(at, at + portionMax), use))
    }
  }
  await runAtOnce(portions, context.pool.stats().max)
}

/** The list answers for most; returns what remains to be asked for one by one. */
function listFirst(
  context: WatchContext,
  folders: readonly Placed[],
  use: PoolUse,
): Promise<readonly Placed[]> {
  const { prefix } = context.access
  if (prefix === null) return Promise.resolve(folders)
  return context.pool.use(
    { as: 'service' },
    async (connection) =>
      chooseCounterLook(context.access, connection.abilities, folders.length) === 'list_status'
        ? lookByListStatus(context, connection, prefix, folders)
        : folders,
    use,
  )
}

async function lookAtPortion(
  context: WatchContext,
  login: MailLogin,
  folders: readonly Placed[],
  use: PoolUse,
): Promise<void> {
  try {
    await context.pool.use(login, (connection) => lookByStatus(context, connection, folders), use)
  } catch (error) {
    if (login.as === 'service' || !isOneUsers(error)) throw error
    for (const [, watched] of folders) noteFault(context, watched, error.code)
  }
}

async function runAtOnce(works: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  const rest = works.values()
  const worker = async () => {
    for (const work of rest) await work()
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
