/**
 * The last chapter of a seed: whoever is active stays on the air, and keys are rolled over by the server, by handhelds
 * and by both at once, while things go wrong. In some seeds a month has gone by, so that every key is due.
 */
import type { Pin } from '#kernel/brand.ts'
import { unsettled } from '../checkers/keys-agree.ts'
import type { Chance } from '../world/chance.ts'
import { asAdministrator } from './administrator.ts'
import type { Person } from './person.ts'
import { ceaseFaults, planRollingFaults } from './plan.ts'
import type { Story } from './story.ts'

const invariant = 'both sides agree on one key when all is quiet'
const minuteMs = 60_000
const monthMs = 32 * 86_400_000
/** The longest pause between two copies is half an hour, and a few of them may have gone wrong. */
const quietMs = 5 * 60 * minuteMs
const settleMs = 2 * minuteMs

export async function rollKeys(story: Story): Promise<void> {
  const { world, people, checks } = story
  const chance = world.chance.fork('rolling')
  const living = people.filter(({ handheld }) => handheld.outcome?.code === 0)
  if (living.length === 0) return
  if (chance.happens(0.3)) for (const host of world.hosts()) host.agedMs = monthMs
  world.onHandheldEnded = (handheld) => handheld.live()
  for (const { handheld } of living) handheld.live()
  const lastsMs = chance.between(4 * minuteMs, 8 * minuteMs)
  for (const person of living) planRolls(story, person, chance, lastsMs)
  planRollingFaults(story, chance, lastsMs)
  await story.until(world.time.nowMs() + lastsMs)
  ceaseFaults(story)
  await story.until(world.time.nowMs() + settleMs)
  await story.until(world.time.nowMs() + quietMs, () => unsettledOnes(story, living).length === 0)
  await story.until(world.time.nowMs() + settleMs)
  if (checks.violation) return
  for (const says of unsettledOnes(story, living)) checks.violated(invariant, says)
}

const unsettledOnes = ({ checks }: Story, living: readonly Person[]): string[] =>
  living.flatMap(({ handheld }) => (checks.observed ? unsettled(checks.observed, handheld) : []))

function planRolls(story: Story, { handheld, address }: Person, chance: Chance, lastsMs: number): void {
  const { world } = story
  const byServer = (pin: Pin) => story.begin(asAdministrator(world, (admin) => admin.keys.roll(pin)))
  for (let i = chance.between(2, 4); i > 0; i -= 1) {
    const who = chance.pick(['server', 'handheld', 'both'] as const)
    world.time.after(chance.between(1_000, lastsMs - 1_000), () => {
      const pin = handheld.saved?.state.device.pin
      if (!pin) return
      world.faults.fired(who === 'both' ? 'rollovers_cross' : 'rollover', address)
      if (who !== 'handheld') byServer(pin)
      if (who !== 'server') handheld.roll()
    })
  }
}
