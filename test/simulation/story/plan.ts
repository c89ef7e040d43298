/** Which faults a seed has, and when. */
import { assert } from '#kernel/assert.ts'
import type { Chance } from '../world/chance.ts'
import type { FaultKind } from '../world/faults.ts'
import { inboxOf } from '../world/mail-world.ts'
import type { Host, SimProcess } from '../world/sim-process.ts'
import { SimServer } from '../world/sim-server.ts'
import type { Story } from './story.ts'

/** Wait for their moment: how many others that would do may pass before. */
const armed = {
  mail_delayed: 1,
  mail_lost: 1,
  mail_duplicated: 1,
  mail_reordered: 1,
  mail_renamed: 1,
  mail_junk: 1,
  mail_read_first: 1,
  smtp_put_off: 1,
  relay_link_lost_message: 12,
  relay_duplicate: 8,
  relay_reorder: 8,
  relay_expiry: 2,
  store_fails_before_commit: 12,
  store_fails_after_commit: 12,
  storage_fails: 4,
  crash_before_commit: 12,
  crash_after_commit: 12,
  crash_at_failpoint: 12,
} as const satisfies Partial<Record<FaultKind, number>>

type ArmedKind = keyof typeof armed
type InstantKind = keyof typeof instants

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const jumpsMs = [10 * second, 2 * minute, 6 * minute, 2 * hour, 26 * hour]

const instants = {
  uidvalidity_change: ({ world }: Story, chance: Chance) => {
    const inbox = chance.pick(world.mail.inboxes())
    world.mail.server.renumber(inboxOf(inbox))
    return inbox
  },
  imap_drop: ({ world }: Story) => {
    const open = world.mail.server.connections()
    world.mail.server.loseConnections()
    return `${open} connections`
  },
  imap_down: ({ world }: Story, chance: Chance) => {
    const { server } = world.mail
    server.refuseConnections('imap.unreachable')
    server.loseConnections()
    const forMs = chance.between(2 * second, 2 * minute)
    world.time.after(forMs, () => server.refuseConnections(null))
    return `${forMs} ms`
  },
  relay_link_drop: ({ world }: Story, chance: Chance) => {
    const process = chance.pick(alive(world))
    return `${world.network.cut(process)} of ${process.name}`
  },
  relay_down: ({ world }: Story, chance: Chance) => {
    const forMs = chance.between(2 * second, 3 * minute)
    world.network.downUntilMs = world.time.nowMs() + forMs
    if (world.relay.process) world.network.cut(world.relay.process)
    return `${forMs} ms`
  },
  crash_agent: ({ world }: Story, chance: Chance) => kill(chance.pick(world.agents).process),
  crash_relay: ({ world }: Story) => kill(world.relay.process),
  crash_handheld: ({ world }: Story, chance: Chance) => kill(chance.pick(world.handhelds).process),
  clock_forward: ({ world }: Story, chance: Chance) => {
    const byMs = chance.pick(jumpsMs)
    hostOf(world, chance).aheadMs += byMs
    return `${byMs} ms`
  },
  clock_back: ({ world }: Story, chance: Chance) => {
    const byMs = chance.pick(jumpsMs)
    hostOf(world, chance).aheadMs -= byMs
    return `${byMs} ms`
  },
  second_agent: ({ world }: Story, chance: Chance) => {
    const second = new SimServer(world, `agent${world.agents.length + 1}`, 'agent')
    world.agents.push(second)
    second.start()
    world.time.after(chance.between(10_000, 120_000), () => retireOne(world.agents, chance))
    return second.name
  },
  wrong_password: ({ people }: Story, chance: Chance) => {
    const person = chance.pick(people)
    const other = chance.happens(0.3) ? person.passwords[0] : undefined
    person.press(other ?? 'not the password at all')
    return person.address
  },
  pressed_again: ({ people }: Story, chance: Chance) => {
    const person = chance.pick(people)
    person.press()
    return person.address
  },
  password_replaced: ({ people, world }: Story, chance: Chance) => {
    const person = chance.pick(people)
    person.getPassword().catch((error: unknown) => world.uncaught(null, error))
    return person.address
  },
  password_revoked: ({ people, world }: Story, chance: Chance) => {
    const person = chance.pick(people)
    person.loseRight().catch((error: unknown) => world.uncaught(null, error))
    return person.address
  },
} as const

const armedKinds = Object.keys(armed) as ArmedKind[]
const instantKinds = Object.keys(instants) as InstantKind[]

const alive = (world: Story['world']): SimProcess[] =>
  [world.relay, ...world.agents, ...world.handhelds].flatMap(({ process }) =>
    process?.alive ? [process] : [],
  )

/** The servers' machine as often as all others together. */
const hostOf = (world: Story['world'], chance: Chance): Host =>
  chance.happens(0.5) ? world.serverHost : chance.pick(world.hosts())

function kill(process: SimProcess | null): string {
  process?.kill()
  return process?.name ?? 'nobody'
}

/** One of two agents goes for good: the older or the newer. */
function retireOne(agents: SimServer[], chance: Chance): void {
  if (agents.length < 2) return
  const gone = agents.splice(chance.below(agents.length), 1)[0]
  gone?.retire()
}

/** Plans the faults of a story that lasts `lastsMs`. */
export function planFaults(story: Story, chance: Chance, lastsMs: number): void {
  const { world } = story
  const at = (fn: () => void) => world.time.after(chance.between(10_000, lastsMs - 2_000), fn)
  for (let i = chance.between(5, 9); i > 0; i -= 1) {
    const kind = chance.pick(instantKinds)
    at(() => {
      if (story.people.length === 0 || alive(world).length === 0) return
      if (world.mail.inboxes().length > 0) world.faults.fired(kind, instants[kind](story, chance))
    })
  }
  armSome(story, chance, lastsMs, armedKinds)
}

/** What may go wrong with a key rollover: mail has no part in it. */
const rollingInstants = [
  'relay_link_drop',
  'relay_down',
  'crash_agent',
  'crash_relay',
  'crash_handheld',
  'clock_forward',
  'clock_back',
  'second_agent',
  'pressed_again',
  'password_replaced',
] as const satisfies readonly InstantKind[]
const rollingArmed = armedKinds.filter((kind) => !/^(?:mail|smtp)_/.test(kind))

/** The faults of the chapter in which keys are rolled over. */
export function planRollingFaults(story: Story, chance: Chance, lastsMs: number): void {
  const { world } = story
  for (let i = chance.between(2, 5); i > 0; i -= 1) {
    const kind = chance.pick(rollingInstants)
    world.time.after(chance.between(1_000, lastsMs - 2_000), () => {
      if (alive(world).length > 0) world.faults.fired(kind, instants[kind](story, chance))
    })
  }
  armSome(story, chance, lastsMs, rollingArmed)
}

function armSome({ world }: Story, chance: Chance, lastsMs: number, kinds: readonly ArmedKind[]): void {
  const at = (fn: () => void) => world.time.after(chance.between(1_000, lastsMs - 2_000), fn)
  for (let i = chance.between(6, 12); i > 0; i -= 1) {
    const kind = chance.pick(kinds)
    const skips = chance.below(armed[kind] + 1)
    assert(skips >= 0, 'a number of moments')
    at(() => world.faults.arm(kind, skips))
  }
}

/** Everything goes right from now on: what a person had to do for it is done. */
export function ceaseFaults({ world }: Story): void {
  world.faults.cease()
  world.network.downUntilMs = 0
  world.mail.server.refuseConnections(null)
  for (const host of world.hosts()) host.aheadMs = 0
  for (const address of world.mail.inboxes()) world.mail.ordinaryMail(address)
  while (world.agents.length > 1) world.agents.pop()?.retire()
  // An agent whose place another took has stopped until somebody starts it again.
  if (world.faults.counts().second_agent) for (const agent of world.agents) agent.process?.kill()
  world.note('world', 'faults cease')
}
