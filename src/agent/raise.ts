/**
 * Raising an event: read the activation and its grant, reduce, and write the event with everything that
 * follows from it as one commit; somebody else was first → again.
 */
import type { Activation } from '#activation/activation.ts'
import type { ActivationEvent, Standing } from '#activation/event.ts'
import type { Grant } from '#activation/grant.ts'
import { assert } from '#kernel/assert.ts'
import type { ActivationId } from '#kernel/brand.ts'
import { type Lanes, makeLanes } from '#relay/lanes.ts'
import type { OwnedActivation } from '#store/activations.ts'
import type { Store } from '#store/store.ts'
import type { KeptGrant } from '#store/users.ts'
import { type Also, changeOf, type Step, stepOf } from './change-of.ts'
import type { AgentEnv } from './domain.ts'

/** What is known when an event is made. */
export interface Situation {
  readonly activation: Activation | null
  readonly grant: Grant | null
  /** How user and grant stand, for events that are decided by it; the address has a record. */
  readonly standing: Standing
}

export interface Raised {
  readonly activation: Activation | null
  /** Whether the event changed the activation. */
  readonly recorded: boolean
}

const triesMax = 16

/** Another process has taken a packet of the same handheld since this one was judged: it is to be judged again. */
export class WindowMoved extends Error {}

/**
 * @param make builds the event from what is known now; null raises nothing but still commits `also`
 * @param userId the mailbox's user, where the mail or the relay's word about it says whose run this is
 */
export function raise(
  env: AgentEnv,
  txn: ActivationId,
  make: (situation: Situation) => ActivationEvent | null,
  also: Also = {},
  userId: number | null = null,
): Promise<Raised> {
  const listed = (situation: Situation) => {
    const event = make(situation)
    return event ? [event] : []
  }
  return inTurn(env, txn, listed, also, userId)
}

/** The same for several events that came one after the other, in one commit. */
export function raiseAll(
  env: AgentEnv,
  txn: ActivationId,
  events: readonly ActivationEvent[],
  also: Also = {},
): Promise<Raised> {
  return inTurn(env, txn, () => events, also, null)
}

type MakeEvents = (situation: Situation) => readonly ActivationEvent[]

/** Events of one activation in this process take turns, so that only another process can be first. */
const inTurn = (
  env: AgentEnv,
  txn: ActivationId,
  make: MakeEvents,
  also: Also,
  userId: number | null,
): Promise<Raised> => lanesOf(env.store).run(txn, () => raiseNow(env, txn, make, also, userId))

const lanes = new WeakMap<Store, Lanes>()

function lanesOf(store: Store): Lanes {
  const known = lanes.get(store) ?? makeLanes()
  lanes.set(store, known)
  return known
}

async function raiseNow(
  env: AgentEnv,
  txn: ActivationId,
  make: MakeEvents,
  also: Also,
  userId: number | null,
): Promise<Raised> {
  for (let attempt = 0; attempt < triesMax; attempt += 1) {
    const found = await env.store.activations.owned(txn)
    const activation = found?.activation ?? null
    const owner = ownerOf(found, userId)
    const kept = await grantFor(env, activation, owner)
    const given = make({ activation, grant: kept?.grant ?? null, standing: standingOf(kept) })
    const step = stepOf(txn, activation, given)
    const change = changeOf({ env, txn, before: activation, given, step, kept, userId: owner, also })
    if (change === null) return { activation, recorded: false }
    const committed = await env.store.activations.commit(change)
    if (committed === 'window_moved') throw new WindowMoved()
    if (committed === 'conflict') continue
    if (change.addDeliveries) env.outgoing?.queued(change.addDeliveries)
    if (step) tell(env, activation, step)
    return { activation: step?.next ?? activation, recorded: (step?.events.length ?? 0) > 0 }
  }
  assert(false, 'an event met a newer version of its activation too many times')
}

export const standingOf = (kept: KeptGrant | null, hasRecord = true): Standing => ({
  grant: kept?.grant ?? null,
  hasRecord,
  ...(kept?.disabled ? { disabled: true } : {}),
})

/** One line per event: a new stage or code is news, the rest is for whoever looks closely. */
function tell(env: AgentEnv, before: Activation | null, { next, events }: Step): void {
  const { stage, phase, code } = next
  const isNews = before?.stage !== stage || before.code !== code
  for (const { kind } of events)
    env.log[isNews ? 'info' : 'debug'](
      { activation: next.txn, event: kind, stage, phase, code },
      isNews ? 'an activation went on' : 'an event of an activation',
    )
}

/** The user whose mailbox held the request when it was first seen: a copy in another mailbox changes nothing. */
function ownerOf(found: OwnedActivation | null, userId: number | null): number | null {
  if (!found) return userId
  return found.activation.request ? found.userId : (userId ?? found.userId)
}

/** The grant the activation runs under, or, before its request is known, the user's newest. */
async function grantFor(
  env: AgentEnv,
  activation: Activation | null,
  userId: number | null,
): Promise<KeptGrant | null> {
  if (activation?.grantId !== undefined) return env.store.users.grant(activation.grantId)
  return userId === null || activation?.request ? null : env.store.users.newestGrant(userId)
}
