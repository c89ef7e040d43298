/** What happens in one seed: people activate, things go wrong, things go right again, and all must have ended. */
import type { Checks } from '../checkers/checks.ts'
import type { World } from '../world/world.ts'
import { asAdministrator } from './administrator.ts'
import { checkEnded, checkFreshTries } from './endings.ts'
import { govern } from './governance.ts'
import { Person } from './person.ts'
import { ceaseFaults, planFaults } from './plan.ts'
import { becomeQuiet } from './quiet.ts'
import { rollKeys } from './rolling.ts'

const stepsMax = 150_000
const minuteMs = 60_000

export class Story {
  readonly world: World
  readonly people: Person[] = []
  readonly checks: Checks
  steps = 0

  constructor(world: World, checks: Checks) {
    this.world = world
    this.checks = checks
  }

  /** Lets time go on until then, or until `isOver`, or until an invariant is violated. */
  async until(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    const { world } = this
    await world.time.settle()
    while (!this.checks.violation && !isOver()) {
      if (!(await world.time.step(untilMs))) return
      this.steps += 1
      if (this.steps > stepsMax) this.checks.violated('the world comes to rest', `${stepsMax} steps`)
      if (!world.changed && world.newLogLines.length === 0) continue
      world.changed = false
      this.checks.look()
    }
  }

  /** Something a person does: nobody waits for it. */
  begin(doing: Promise<unknown>): void {
    doing.catch((error: unknown) => this.world.uncaught(null, error))
  }
}

const peopleCount = 3

/** How long things may go on by themselves after the last fault. */
const restMs = 6 * 60 * minuteMs
const settleMs = 5 * minuteMs

export async function playStory(world: World, checks: Checks): Promise<{ readonly steps: number }> {
  const story = new Story(world, checks)
  const chance = world.chance.fork('story')
  world.relay.start()
  for (const agent of world.agents) agent.start()
  const suites = world.loaded.config.activation.algorithms.includes('3des')
    ? ([[1], [2, 1], [2]] as const)
    : ([[1]] as const)
  for (let i = peopleCount; i > 0; i -= 1)
    story.people.push(new Person(world, `user${i}`, world.addHandheld(chance.pick(suites))))
  for (const person of story.people) story.begin(person.begin())
  world.onHandheldEnded = (handheld, outcome) => {
    const person = story.people.find((one) => one.handheld === handheld)
    if (person) story.begin(person.ended(outcome))
  }
  const lastsMs = chance.between(minuteMs, 6 * minuteMs)
  planFaults(story, chance, lastsMs)
  await story.until(lastsMs)
  if (world.governs && !checks.violation) await govern(story, chance.fork('governance'))
  await comeToRest(story)
  return { steps: story.steps }
}

const isAtRest = ({ handheld }: Person): boolean => !handheld.busy

async function comeToRest(story: Story): Promise<void> {
  const { world, people, checks } = story
  for (const person of people) person.patient = true
  ceaseFaults(story)
  story.begin(asAdministrator(world, (admin) => admin.srp.resume('S00000001')))
  await story.until(world.time.nowMs() + restMs, () => people.every(isAtRest))
  await story.until(world.time.nowMs() + settleMs)
  if (world.governed && !checks.violation) await becomeQuiet(story)
  if (!checks.violation) checkEnded(story)
  if (!checks.violation) await checkFreshTries(story)
  // One of the two: keys are rolled over in governance as well.
  if (world.governed && !checks.violation) await becomeQuiet(story)
  else if (!checks.violation) await rollKeys(story)
}
