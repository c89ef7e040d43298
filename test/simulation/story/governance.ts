/** The second part of a story: handhelds stay on the air, an administrator governs them, and things go wrong again. */
import type { Chance } from '../world/chance.ts'
import { type Act, administratorsActs, groupNames, policyNames } from './acts.ts'
import { asAdministrator } from './administrator.ts'
import { inStore, peoplesActs, removeUser } from './peoples-acts.ts'
import { planFaults } from './plan.ts'
import type { Story } from './story.ts'

const acts = { ...administratorsActs, ...peoplesActs } satisfies Record<string, Act>

type Drawn = keyof typeof acts
export type ActKind = Drawn | 'user_removed'

/** How often each is among ten or so; once where nothing is said. */
const weights: Partial<Record<Drawn, number>> = {
  policy_changed: 6,
  policy_assigned: 4,
  group_changed: 3,
  book_removed: 3,
  locked: 2,
  owner_text: 4,
  nap: 6,
  week_off: 2,
  activated_again: 4,
  item_cancelled: 2,
  item_resent: 2,
}
const drawn = (Object.keys(acts) as Drawn[]).flatMap((kind) => Array<Drawn>(weights[kind] ?? 1).fill(kind))

const second = 1_000
const minute = 60 * second

/** Lets it go on for some minutes. */
export async function govern(story: Story, chance: Chance): Promise<void> {
  const { world } = story
  world.governed = true
  for (const handheld of world.handhelds) handheld.goOnAir()
  for (const person of story.people) person.beginAnew()
  story.begin(setUp(story))
  const lastsMs = chance.between(2 * minute, 4 * minute)
  planFaults(story, chance, lastsMs)
  for (let i = chance.between(6, 12); i > 0; i -= 1)
    world.time.after(chance.between(second, lastsMs - 5 * second), () => story.begin(actOnce(story, chance)))
  await story.until(world.time.nowMs() + lastsMs)
}

/** Some policies and groups, assigned to nobody or few. */
async function setUp(story: Story): Promise<void> {
  const { world } = story
  const [field, office] = groupNames
  await inStore(story, async ({ groups }) => {
    for (const name of groupNames)
      await groups.create({ name, description: '', nowMs: world.serverHost.nowMs() })
  })
  for (const name of policyNames) await asAdministrator(world, (admin) => admin.policies.create(name))
  await asAdministrator(world, (admin) => admin.policies.assign('field', { group: field }))
  await asAdministrator(world, (admin) => admin.policies.assign('office', { group: office }))
}

/** Something that can be done now. */
async function actOnce(story: Story, chance: Chance): Promise<void> {
  // Drawn apart: the stories of seeds that are kept go on as they did.
  const own = chance.fork(`removal ${story.world.time.nowMs()}`)
  if (own.happens(0.04)) return story.world.acted('user_removed', (await removeUser(story, own)) ?? 'nobody')
  for (let i = 0; i < 5; i += 1) {
    const kind = chance.pick(drawn)
    const what = await acts[kind](story, chance)
    if (what === null) continue
    story.world.acted(kind, what)
    return
  }
}
