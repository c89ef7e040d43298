/** What people do with handhelds that work: they rest, are away, activate anew, get another, and join groups. */
import type { Chance } from '../world/chance.ts'
import { type Act, changePolicy, groupNames, setOwner } from './acts.ts'
import { asAdministrator } from './administrator.ts'
import type { Person } from './person.ts'
import type { Story } from './story.ts'

const second = 1_000
const minute = 60 * second

const nap: Act = async (story, chance) => {
  const { world } = story
  const on = world.handhelds.filter(({ process, busy }) => process?.alive && !busy)
  if (on.length === 0) return null
  const handheld = chance.pick(on)
  const forMs = chance.between(5 * second, 3 * minute)
  handheld.rest(forMs)
  const own = chance.fork(`meanwhile ${world.time.nowMs()}`)
  if (own.happens(0.5)) await changeTwice(story, own)
  return `${handheld.name} for ${forMs} ms`
}

/** Of two policies that wait at the relay the older one is answered while the newer one is out. */
async function changeTwice(story: Story, chance: Chance): Promise<void> {
  for (let i = 2; i > 0; i -= 1) {
    await changePolicy(story, chance, 'default')
    await story.world.time.sleep(chance.between(500, 2 * second))
  }
}

/** Everybody is away for more than a week; something is ordered meanwhile, and comes to them when they are back. */
const weekOff: Act = async (story, chance) => {
  const { world } = story
  if (world.handhelds.some(({ busy }) => busy)) return null
  for (const handheld of world.handhelds) handheld.rest(chance.between(minute, 2 * minute))
  const ordered = await setOwner(story, chance)
  await world.time.sleep(chance.between(second, 20 * second))
  world.weekGoesBy()
  return `everybody; meanwhile ${ordered}`
}

const activateAgain: Act = async (story, chance) => {
  const person = chance.pick(story.people)
  if (person.handheld.busy) return null
  if (chance.happens(0.5)) {
    // What was ordered while it was off must not reach it as it is afterwards.
    person.handheld.rest(minute)
    await setOwner(story, chance, person.handheld)
  }
  await person.activateAnew()
  await orderMeanwhile(story, chance.fork(`meanwhile ${story.world.time.nowMs()}`), person)
  return person.address
}

/** Ordered while the run goes on it is for the account that ends with it: it comes in time, or not at all. */
async function orderMeanwhile(story: Story, chance: Chance, { handheld }: Person): Promise<void> {
  for (let i = chance.below(4); i > 0; i -= 1) {
    await story.world.time.sleep(chance.between(0, 5 * second))
    if (handheld.busy) await setOwner(story, chance, handheld)
  }
}

const replaceHandheld: Act = async (story, chance) => {
  const person = chance.pick(story.people)
  if (person.handheld.busy || story.world.handhelds.length > 5) return null
  const old = person.handheld
  person.handheld = story.world.addHandheld(old.suites)
  await person.activateAnew()
  return `${person.address}: ${old.name}, now ${person.handheld.name}`
}

/** With all that was theirs. Often it was a mistake, and the same address is added again: that is another user. */
export const removeUser: Act = async (story, chance) => {
  const { world } = story
  const person = chance.pick(story.people)
  const { address } = person
  await asAdministrator(world, (admin) => admin.users.remove(address))
  await world.time.sleep(chance.between(0, chance.happens(0.5) ? second : minute))
  await asAdministrator(world, (admin) => admin.users.add({ address }))
  if (chance.happens(0.7)) await person.activateAnew()
  return address
}

const changeGroup: Act = async (story, chance) => {
  const [name, person] = [chance.pick(groupNames), chance.pick(story.people)]
  const joins = chance.happens(0.6)
  await inStore(story, async ({ groups, users }) => {
    const group = await groups.byName(name)
    const user = await users.byAddress(person.address as never)
    if (group && user) await groups[joins ? 'addMembers' : 'removeMembers'](group.id, [user.id])
  })
  return `${person.address} ${joins ? 'joins' : 'leaves'} ${name}`
}

/** At a store of a running server, as `asAdministrator` does it with the use cases. */
export async function inStore(
  { world }: Story,
  work: (store: NonNullable<typeof world.relay.store>) => Promise<void>,
): Promise<void> {
  for (;;) {
    const store = [...world.agents, world.relay].find(({ running }) => running)?.store
    const done = store
      ? work(store).then(
          () => true,
          () => false,
        )
      : Promise.resolve(false)
    if (await Promise.race([done, world.time.sleep(5 * second).then(() => false)])) return
    await world.time.sleep(second)
  }
}

export const peoplesActs = {
  nap,
  week_off: weekOff,
  activated_again: activateAgain,
  handheld_replaced: replaceHandheld,
  group_changed: changeGroup,
} as const satisfies Record<string, Act>
