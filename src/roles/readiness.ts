/** What this process cannot work without, looked at when somebody asks. */
import type { Dependency } from '#http/app.ts'
import { type Clock, sleep } from '#kernel/clock.ts'
import { Fault, type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import type { MailServer } from '#mailbox/mailbox.ts'
import type { AgentRole } from './agent-role.ts'
import type { Base } from './base.ts'

type Missing = { readonly code: FaultCode; readonly detail: string } | null

/** Probes come often and from several sides: what was just seen is said again. */
const freshMs = 2_000
const lookMsMax = 5_000

/** @param agent null where none runs in this process */
export function dependenciesOf(base: Base, agent: AgentRole | null): Dependency[] {
  const { clock } = base
  const database = remembered(clock, 'database', 'store.unavailable', async () => {
    await base.store.users.count()
    // A write of nothing: it takes its turn at the writer all the same.
    await base.store.watches.move([], clock.nowMs())
    return null
  })
  if (!agent) return [database]
  return [
    database,
    { name: 'relay', look: async () => agent.relayMissing() },
    remembered(clock, 'imap', 'imap.unreachable', () => logIn(agent.mailServer)),
  ]
}

async function logIn(server: MailServer): Promise<Missing> {
  const connection = await server.connect({ as: 'service' })
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
    const stop = new AbortController()
    const late = sleep(clock, lookMsMax, stop.signal).then(() => ({
      code: tooSlow,
      detail: 'no answer in time',
    }))
    try {
      return await Promise.race([look(), late])
    } catch (error) {
      return { code: faultCodeOf(error), detail: error instanceof Fault ? error.detail : '' }
    } finally {
      stop.abort()
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
