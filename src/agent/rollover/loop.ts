/** What a rollover does by itself: begins when a key is due, lets go of the old key, and gives up in time. */
import type { Pin } from '#kernel/brand.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import { inPhase } from '#rollover/rollover.ts'
import { dueIfMadeBefore, timeOver } from '#rollover/times.ts'
import type { Change } from '#store/activations.ts'
import type { Delivery } from '#store/deliveries.ts'
import type { KeptRollover } from '#store/rollovers.ts'
import type { AgentEnv } from '../domain.ts'
import { type Loop, makeLoop } from '../loop.ts'
import type { NextSeq } from '../numbers.ts'
import { sealingKey } from '../packets.ts'
import { beginRollover } from './begin.ts'
import { checkLivesMs, contentOf, deliveryOf, keysOf, offerLivesMs, payloadOf } from './messages.ts'

/**
 * What was about to be sealed under the old key when the switch came is on its way by then: only after that is it asked
 * whether anything still is.
 */
const oldKeyLingersMs = 5_000

const lingersForMs = (unfinished: readonly KeptRollover[], nowMs: number): number | null =>
  unfinished.some(
    ({ phase, phaseAtMs }) => phase === 'switched' && Math.abs(nowMs - phaseAtMs) < oldKeyLingersMs,
  )
    ? oldKeyLingersMs
    : null

/** So many handhelds are offered a new key at once. */
const batch = 64

export function startRolling(env: AgentEnv, nextSeq: NextSeq): Loop {
  return makeLoop({
    clock: env.clock,
    // The loop looks twice a minute at the latest; only an old key that may go is in more of a hurry.
    dueInMs: async () => lingersForMs(await env.store.rollovers.unfinished(), env.clock.nowMs()),
    pass: () => lookAtRollovers(env, nextSeq),
    onError: (error) => env.log.error({ code: faultCodeOf(error) }, 'key rollovers could not go on'),
  })
}

/** One look at all that are under way and at the keys that are due; how many rollovers it began. */
export async function lookAtRollovers(
  env: AgentEnv,
  nextSeq: NextSeq,
  lingersMs = oldKeyLingersMs,
): Promise<number> {
  for (const rollover of await env.store.rollovers.unfinished())
    await apart(env, rollover.pin, () => goOn(env, nextSeq, rollover, lingersMs))
  const madeBeforeMs = dueIfMadeBefore(env.clock.nowMs())
  const due = await env.store.rollovers.due({ madeBeforeMs, limit: batch })
  const begun = await Promise.all(due.map((pin) => apart(env, pin, () => beginRollover(env, nextSeq, pin))))
  return begun.filter(Boolean).length
}

/** What one handheld's key lacks is no reason to leave the others with theirs; the next look tries it again. */
async function apart<T>(env: AgentEnv, pin: Pin, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    env.log.error({ code: error.code, pin }, 'the key rollover of a handheld could not go on')
    return null
  }
}

/** Whoever was first has it: a change that comes too late is made again by the next look, if it still is one. */
async function goOn(
  env: AgentEnv,
  nextSeq: NextSeq,
  rollover: KeptRollover,
  lingersMs: number,
): Promise<void> {
  const change = await changeNow(env, nextSeq, rollover, lingersMs)
  if (!change) return
  const committed = await env.store.activations.commit({ nowMs: env.clock.nowMs(), ...change })
  if (committed === 'done' && change.rollover)
    env.log.info(
      { pin: rollover.pin, activation: rollover.txn, event: change.rollover.next.phase },
      'a key rollover went on',
    )
}

async function changeNow(
  env: AgentEnv,
  nextSeq: NextSeq,
  rollover: KeptRollover,
  lingersMs: number,
): Promise<Partial<Change> | null> {
  const nowMs = env.clock.nowMs()
  switch (timeOver(rollover, nowMs)) {
    case 'give_up':
      return ended(rollover, 'given_up', nowMs)
    case 'end':
      return ended(rollover, 'ended', nowMs)
  }
  if (rollover.phase === 'checking') return checkAgain(env, rollover, nowMs)
  if (rollover.phase !== 'switched' || rollover.doneSent || !mayLetGo(rollover)) return null
  if (Math.abs(nowMs - rollover.phaseAtMs) < lingersMs) return null
  const running = await env.store.deliveries.runningFor({ pin: rollover.pin })
  return running.some((one) => isUnder(one, rollover.pin, rollover.oldKid))
    ? null
    : done(env, nextSeq, rollover, nowMs)
}

/** A new key that never came to be goes, or the old one that it took the place of. */
const ended = (rollover: KeptRollover, phase: 'given_up' | 'ended', nowMs: number): Partial<Change> => ({
  rollover: { before: rollover, next: { ...rollover, ...inPhase(rollover, phase, nowMs), sealed: null } },
  eraseKeys: { pin: rollover.pin, kids: [phase === 'ended' ? rollover.oldKid : rollover.newKid] },
  stopDeliveries: keysOf(rollover),
})

/** The proposer says first that the old key may go, and the other side answers that. */
const mayLetGo = ({ side, doneSeen }: KeptRollover): boolean => side === 'proposer' || doneSeen

/** Sealed under the old key and not through yet. */
const isUnder = ({ key, packet }: Delivery, pin: Pin, kid: number): boolean =>
  packet?.kid === kid || key.startsWith(`ack:${pin}:${kid}:`)

async function done(
  env: AgentEnv,
  nextSeq: NextSeq,
  rollover: KeptRollover,
  nowMs: number,
): Promise<Partial<Change> | null> {
  const { pin, newKid, oldKid, doneSeen } = rollover
  const key = await env.store.handhelds.key(pin, newKid)
  if (!key) return null
  const seq = await nextSeq(pin, newKid)
  const donePayload = payloadOf(env, sealingKey(env, key), seq, contentOf({ type: 'roll_done', kid: oldKid }))
  const next = doneSeen ? inPhase(rollover, 'ended', nowMs) : rollover
  return {
    rollover: { before: rollover, next: { ...rollover, ...next, doneSent: true, donePayload } },
    ...(doneSeen ? { eraseKeys: { pin, kids: [oldKid] } } : {}),
    addDeliveries: [
      deliveryOf(rollover, 'done', donePayload, { nowMs, livesMs: offerLivesMs, asks: !doneSeen }),
    ],
  }
}

/** However long it takes: the other side may have switched. */
async function checkAgain(
  env: AgentEnv,
  rollover: KeptRollover,
  nowMs: number,
): Promise<Partial<Change> | null> {
  const [key] = keysOf(rollover, ['check'])
  const delivery = key === undefined ? null : await env.store.deliveries.byKey(key)
  if (delivery?.state === 'running' || !rollover.checkPayload) return null
  const times = { nowMs, livesMs: checkLivesMs, asks: true }
  return { addDeliveries: [deliveryOf(rollover, 'check', rollover.checkPayload, times)] }
}
