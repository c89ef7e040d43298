/** What this process cannot work without, looked at when somebody asks. */
import type { Dependency } from '#http/app.ts'
import { type Clock, sleep } from '#kernel/clock.ts'
import { Fault, type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import type { AgentRole } from './agent-role.ts'
import type { Base } from './base.ts'
import type { WatchedServer } from './watch-options.ts'

type Missing = { readonly code: FaultCode; readonly detail: string } | null

/** Probes come often and from several sides: what was just seen is said again. */
const freshMs = 2_000
const lookMsMax = 5_000

/** Between the end of an agent and its start in the same place, as at a reload. */
const restarting = { code: 'relay.unreachable', detail: 'the agent is started again' } as const

/** @param agent null where none runs in this process, which is settled when it is first asked */
export function dependenciesOf(base: Base, agent: () => AgentRole | null): Dependency[] {
  const { clock } = base
  const database = remembered(clock, 'database', 'store.unavailable', async () => {
    await takeTurn(base)
    return null
  })
  if (!agent()) return [database]
  return [
    database,
    {
      name: 'relay',
      look: async () => {
        const running = agent()
        return running ? running.relayMissing() : restarting
      },
    },
    remembered(clock, 'imap', 'imap.unreachable', async () => {
      const running = agent()
      return running && logIn(base, running.mail)
    }),
  ]
}

/** Reads, and writes nothing: that takes its turn at the writer all the same. @throws Fault store.* */
async function takeTurn({ store, clock }: Base): Promise<void> {
  await store.users.count()
  await store.watches.move([], clock.nowMs())
}

/** Whether the store takes its turn in time; one that refuses answers too. */
export function storeAnswers(base: Base): Promise<boolean> {
  const turn = takeTurn(base).then(
    () => true,
    () => true,
  )
  return inTime(base.clock, turn, lookMsMax, false)
}

const lookAgainMs = 50

/** Resolves when the agent has made its connections, or has tried to; at once where there is no agent. */
export async function lookedAtAll(base: Base, agent: () => AgentRole | null): Promise<void> {
  const { clock } = base
  const untilMs = clock.monotonicMs() + lookMsMax
  await Promise.all(dependenciesOf(base, agent).map(({ look }) => look()))
  while (agent()?.relayTried() === false && clock.monotonicMs() < untilMs) await sleep(clock, lookAgainMs)
}

/** Where each user has a log-in, the first user's is tried; where there is none, there is nothing to miss. */
async function logIn({ store }: Base, { server, access }: WatchedServer): Promise<Missing> {
  const [first] = access.hasService ? [] : await store.users.list()
  if (!access.hasService && !first) return null
  const connection = await server.connect(first ? { as: 'user', user: first.address } : { as: 'service' })
  await connection.close()
  return null
}

function remembered(
  clock: Clock,
  name: string,
  tooSlow: FaultCode,
  look: () => Promise<Missing>,
): Dependency {
  let seen: { readonly atMs: number; readonly found: Promise<Missing> } | null = null
  const fresh = async (): Promise<Missing> => {
    try {
      return await inTime(clock, look(), lookMsMax, { code: tooSlow, detail: 'no answer in time' })
    } catch (error) {
      return { code: faultCodeOf(error), detail: error instanceof Fault ? error.detail : '' }
    }
  }
  return {
    name,
    look: () => {
      if (!seen || clock.monotonicMs() - seen.atMs > freshMs)
        seen = { atMs: clock.monotonicMs(), found: fresh() }
      return seen.found
    },
  }
}

/** What `work` comes to, or `late` where it takes longer. */
async function inTime<T>(clock: Clock, work: Promise<T>, limitMs: number, late: T): Promise<T> {
  const stop = new AbortController()
  const over = sleep(clock, limitMs, stop.signal).then(() => late)
  try {
    return await Promise.race([work, over])
  } finally {
    stop.abort()
  }
}
