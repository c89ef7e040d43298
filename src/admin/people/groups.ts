/** Groups of users: made, renamed, removed; users come in and go. */
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import type { Group } from '#store/groups.ts'
import type { User } from '#store/users.ts'
import { findUser, shortened } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'
import type { GroupCases, GroupView, MembersChanged } from './people.ts'
import { descriptionOf, groupNameOf } from './user-words.ts'

type Parts = Pick<AdminParts, 'store' | 'clock' | 'log'>

export function groupCases(parts: Parts): GroupCases {
  const { store, clock, log } = parts
  return {
    add: async (typed, description = '') => {
      const name = groupNameOf(typed)
      const group = { name, description: descriptionOf(description), nowMs: clock.nowMs() }
      if ((await store.groups.create(group)) === null) throw new Fault('group.exists', name)
      log.info({ group: name }, 'group added')
      return view(await groupByName(parts, name))
    },
    list: async () => (await store.groups.list()).map(view),
    show: async (name) => view(await groupByName(parts, name)),
    change: async (which, { name, description }) => {
      const group = await groupByName(parts, which)
      const to = {
        ...(name === undefined ? {} : { name: groupNameOf(name) }),
        ...(description === undefined ? {} : { description: descriptionOf(description) }),
      }
      const outcome = await store.groups.change(group.id, to)
      if (outcome === 'taken') throw new Fault('group.exists', to.name ?? '')
      log.info({ group: group.name, detail: Object.values(to).join(', ') }, 'group changed')
      return view(await groupById(parts, group))
    },
    remove: async (which) => {
      const group = await groupByName(parts, which)
      await store.groups.remove(group.id)
      log.info({ group: group.name, members: group.members }, 'group removed')
      return view(group)
    },
    addUsers: (which, addresses) => changeMembers(parts, which, addresses, true),
    removeUsers: (which, addresses) => changeMembers(parts, which, addresses, false),
  }
}

/** @throws Fault group.unknown */
export async function groupByName({ store }: Pick<AdminParts, 'store'>, typed: string): Promise<Group> {
  const group = await store.groups.byName(typed.trim())
  if (group) return group
  throw new Fault('group.unknown', shortened(typed))
}

async function groupById({ store }: Parts, { id, name }: Group): Promise<Group> {
  const group = await store.groups.byId(id)
  if (group) return group
  throw new Fault('group.unknown', name)
}

async function changeMembers(
  parts: Parts,
  which: string,
  addresses: readonly string[],
  come: boolean,
): Promise<MembersChanged> {
  const { store, log } = parts
  const group = await groupByName(parts, which)
  const users = new Map<number, User>()
  for (const address of addresses) {
    const user = await findUser(store.users, address)
    users.set(user.id, user)
  }
  const inside = new Set(await store.groups.userIds(group.id))
  const concerned = [...users.values()].filter(({ id }) => inside.has(id) !== come)
  const ids = concerned.map(({ id }) => id)
  await (come ? store.groups.addMembers(group.id, ids) : store.groups.removeMembers(group.id, ids))
  for (const { address } of concerned)
    log.info({ group: group.name, user: address }, come ? 'user came into a group' : 'user left a group')
  return { group: view(await groupById(parts, group)), changed: concerned.map(addressOfUser) }
}

const addressOfUser = ({ address }: User): MailAddress => address

const view = ({ name, description, members, createdAtMs }: Group): GroupView => ({
  name,
  description,
  members,
  createdAtMs,
})
