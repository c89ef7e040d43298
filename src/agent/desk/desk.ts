/**
 * The Policy Service's desk: works off what is queued for handhelds, in the order that `policy/queue.ts` says, and sees
 * to it that what a handheld should have is queued.
 */
import type { Pin } from '#kernel/brand.ts'
import { Fault, type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import { waitsFor } from '#policy/queue.ts'
import type { QueueItem } from '#store/queue.ts'
import type { AgentEnv } from '../domain.ts'
import { type Loop, makeLoop } from '../loop.ts'
import type { Numbers } from '../numbers.ts'
import { type Entitlements, readOnce } from './entitled.ts'
import { reconcileAll, reconcileOne, reviveRefused } from './reconcile.ts'
import { makeItem, type ReadyItem, sendItem } from './send-item.ts'

export interface Desk {
  poke(): void
  /** Something that policies depend on has changed: every handheld is looked at before long. */
  changed(): void
  /** This handheld has just come into service. */
  provisioned(pin: Pin): Promise<void>
  close(): Promise<void>
}

const batch = 64
const failuresMax = 5
const firstRetryMs = 1_000
const lastRetryMs = 300_000
/** Changes of one import or one edit are looked at together. */
const gatherMs = 50
/** Looking at everybody takes at most this share of the time. */
const restFactor = 10

export function startDesk(env: AgentEnv, numbers: Numbers): Desk {
  const loop = makeLoop({
    clock: env.clock,
    dueInMs: () => dueInMs(env),
    pass: () => workOff(env, numbers),
    onError: (error) => env.log.error({ code: faultCodeOf(error) }, 'the queue could not be read'),
  })
  const looks = startLooks(env, loop)
  return {
    poke: loop.poke,
    changed: looks.changed,
    provisioned: async (pin) => {
      if ((await reconcileOne(env, pin)) > 0) loop.poke()
    },
    close: async () => {
      await looks.close()
      await loop.close()
    },
  }
}

/** Looks at every handheld some time after a change, and at the start. */
function startLooks(env: AgentEnv, loop: Loop): { changed(): void; close(): Promise<void> } {
  let cancel: (() => void) | null = null
  let running: Promise<void> | null = null
  let again = false
  let closed = false
  const look = async (): Promise<void> => {
    const startedMs = env.clock.monotonicMs()
    try {
      const queued = await reconcileAll(env)
      await reviveRefused(env)
      if (queued > 0) env.log.info({ count: queued }, 'handhelds get a new policy or new service books')
      if (queued > 0) loop.poke()
    } catch (error) {
      env.log.error({ code: faultCodeOf(error) }, 'what handhelds should have could not be worked out')
      again = true
    }
    const tookMs = env.clock.monotonicMs() - startedMs
    running = null
    if (again && !closed) soon(Math.max(gatherMs, tookMs * restFactor))
    again = false
  }
  const soon = (afterMs: number): void => {
    cancel ??= env.clock.after(afterMs, () => {
      cancel = null
      running = look()
    })
  }
  const changed = (): void => {
    if (closed) return
    if (running) again = true
    else soon(gatherMs)
  }
  changed()
  return {
    changed,
    close: async () => {
      closed = true
      cancel?.()
      await running
    },
  }
}

async function dueInMs({ store, clock }: AgentEnv): Promise<number | null> {
  const [itemAtMs, wipeAtMs] = [await store.queue.nextDueAtMs(), await store.queue.nextWipeAtMs()]
  const times = [itemAtMs, wipeAtMs].filter((atMs) => atMs !== null)
  return times.length === 0 ? null : Math.min(...times) - clock.nowMs()
}

/** One round: what is due goes, as far as the order allows. Returns how much was due. */
export async function workOff(env: AgentEnv, numbers: Numbers): Promise<number> {
  const nowMs = env.clock.nowMs()
  const wipeAtMs = await env.store.queue.nextWipeAtMs()
  if (wipeAtMs !== null && wipeAtMs <= nowMs) await env.store.queue.endWiped(nowMs)
  const due = await env.store.queue.due(nowMs, batch)
  const pins = new Set(due.map(({ pin }) => pin))
  const entitled = readOnce(env)
  const ready = await Promise.all([...pins].map((pin) => prepare(env, numbers, entitled, pin, due)))
  // Begun in one turn they share a commit, and so do their frames at the relay.
  await Promise.all(ready.flat().map((one) => attempt(env, one.item, () => sendItem(env, one))))
  return due.length
}

/** What may go is made; what is due and may not waits until another item of the handheld ends. */
async function prepare(
  env: AgentEnv,
  numbers: Numbers,
  entitled: Entitlements,
  pin: Pin,
  due: readonly QueueItem[],
): Promise<ReadyItem[]> {
  const live = await env.store.queue.live(pin)
  const mine = live.filter(({ id }) => due.some((item) => item.id === id))
  const ready: (ReadyItem | null)[] = []
  for (const item of mine) {
    const other = waitsFor(live, item)
    if (other) await env.store.queue.waitFor(item.id, other.id)
    else ready.push(await attempt(env, item, () => makeItem(env, numbers, entitled, item)))
  }
  return ready.filter((one) => one !== null)
}

/** An item that cannot be made or sent is tried again, and set aside in the end: those behind it go on. */
async function attempt<T>(env: AgentEnv, item: QueueItem, step: () => Promise<T>): Promise<T | null> {
  try {
    return await step()
  } catch (error) {
    const code = faultCodeOf(error)
    const detail = error instanceof Fault ? {} : { detail: String(error) }
    env.log.warn(
      { code, pin: item.pin, item: item.id, tries: item.failures + 1, ...detail },
      'an item could not be made',
    )
    await putOff(env, item, code)
    return null
  }
}

async function putOff(env: AgentEnv, item: QueueItem, code: FaultCode): Promise<void> {
  const nowMs = env.clock.nowMs()
  const pauseMs = Math.min(lastRetryMs, firstRetryMs * 2 ** item.failures)
  const common = { id: item.id, nowMs, code, tried: 'failed', ifWaiting: item } as const
  const isLast = item.failures + 1 >= failuresMax
  await env.store.queue.change(
    isLast ? { ...common, state: 'set_aside' } : { ...common, state: 'waiting', dueAtMs: nowMs + pauseMs },
  )
}
