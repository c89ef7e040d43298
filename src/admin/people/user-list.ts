/** Lists of users, as long as an installation's. */
import { Fault } from '#kernel/fault.ts'
import type { UserFilter } from '#store/users.ts'
import { addressOf, userView } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'
import type { UserView } from '../views.ts'
import { groupByName } from './groups.ts'
import type { UserQuery } from './people.ts'
import { withGroups } from './user-apply.ts'

const limitMax = 1_000

type Parts = Pick<AdminParts, 'store' | 'clock'>

/** @throws Fault group.unknown, address.invalid, admin.usage */
export async function listUsers(parts: Parts, query: UserQuery): Promise<UserView[]> {
  const { store, clock } = parts
  const { limit, after } = query
  if (limit !== undefined && (limit < 1 || limit > limitMax))
    throw new Fault('admin.usage', `the limit is 1 to ${limitMax}, not ${limit}`)
  const page = { limit: limit ?? -1, ...(after === undefined ? {} : { after: addressOf(after) }) }
  const users = await store.users.find(await filterOf(parts, query), page)
  const grants = new Map((await store.users.newestGrants()).map((kept) => [kept.userId, kept.grant]))
  const nowMs = clock.nowMs()
  return (await withGroups(parts, users)).map(({ user, groups }) =>
    userView(
      user,
      grants.get(user.id) ?? null,
      groups.map(({ name }) => name),
      nowMs,
    ),
  )
}

export const countUsers = async (parts: Parts, query: UserQuery): Promise<number> =>
  parts.store.users.count(await filterOf(parts, query))

async function filterOf(parts: Parts, query: UserQuery): Promise<UserFilter> {
  const { group, organisation, disabled, directory, search } = query
  return {
    ...(group === undefined ? {} : { groupId: (await groupByName(parts, group)).id }),
    ...(organisation === undefined ? {} : { organisation }),
    ...(disabled === undefined ? {} : { disabled }),
    ...(directory === undefined ? {} : { directory }),
    ...(search === undefined ? {} : { search }),
  }
}
