/** Commands to a handheld far away, and the end of its account. */
import type { Pin } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { missesOf } from '#policy/handheld-password.ts'
import { wasSent } from '#policy/queue.ts'
import { effectiveRules } from '#policy/resolve.ts'
import { sealOrder } from '#policy/sealed-order.ts'
import {
  handheldPasswordBytesMax,
  type Order,
  ownerTextBytesMax,
  wipeScope,
  wipeWaitSecondsMax,
} from '#protocol/it-command.ts'
import type { HandheldAccount } from '#store/handhelds.ts'
import type { ItemState } from '#store/queue.ts'
import { shortened, typedPin } from '../lookup.ts'
import type { CommandCases, LockTerms, WipeTerms } from '../policy/cases.ts'
import { layersOf } from '../policy/preview.ts'
import { itemView } from '../policy/queue.ts'
import type { QueueItemView } from '../policy/views.ts'
import type { AdminParts } from '../ports.ts'
import { handheldDetail } from './handhelds.ts'

type Parts = Pick<AdminParts, 'store' | 'clock' | 'log' | 'vault' | 'cutOffMs' | 'agentRuns'>

/** So far back a wipe is looked for. */
const itemsMax = 200

export function commandCases(parts: Parts): CommandCases {
  const { store, clock, log } = parts
  return {
    lock: async (pin, terms) => {
      const order = lockOrder(terms)
      if (terms?.password !== undefined) await refuseUnfit(parts, pin, terms.password)
      return command(parts, pin, order)
    },
    setOwner: (pin, text) => command(parts, pin, { command: 'set_owner', ownerText: ownerText(text) }),
    wipe: (pin, terms) => command(parts, pin, wipeOrder(terms)),
    cancelWipe: (pin) => cancelWipe(parts, pin),
    remove: async (typed) => {
      const { pin } = await activeAccount(parts, typed)
      await store.handhelds.end(pin, 'removed', clock.nowMs())
      log.info({ pin }, 'handheld removed')
      return handheldDetail(parts, pin)
    },
    resendPolicy: async (typed) => {
      const { pin, userId, policy } = await activeAccount(parts, typed)
      if (policy.applied === 0) return doubt(parts, pin, 'policy')
      const item = { pin, userId, kind: 'policy', digest: policy.digest, nowMs: clock.nowMs() } as const
      return queued(parts, item)
    },
  }
}

/** A handheld that has applied no policy, or no books, gets them by its activation, which a refusal may have stopped. */
export async function doubt(
  { store, clock }: Pick<Parts, 'store' | 'clock'>,
  pin: Pin,
  what: 'policy' | 'books',
): Promise<null> {
  await store.activations.commit({ nowMs: clock.nowMs(), account: { kind: 'unsure', pin, what } })
  return null
}

/** The account that works on this handheld. @throws Fault handheld.unknown, handheld.not_active */
export async function activeAccount(
  { store }: Pick<Parts, 'store'>,
  typed: string,
): Promise<HandheldAccount> {
  const pin = typedPin(typed)
  const accounts = pin ? await store.handhelds.byPin(pin) : []
  const active = accounts.find(({ state }) => state === 'active')
  if (active) return active
  throw new Fault(accounts.length > 0 ? 'handheld.not_active' : 'handheld.unknown', shortened(typed))
}

/**
 * A wipe that has not been sent leaves the queue; any other is taken back by a command of its own, which goes right behind
 * it: a handheld that comes on the air hears both before it begins.
 */
async function cancelWipe(parts: Parts, typed: string): Promise<QueueItemView> {
  const { store, clock } = parts
  const { pin, wipeAtMs, activatedAtMs } = await activeAccount(parts, typed)
  const wipes = async () =>
    (await store.queue.list({ pin, limit: itemsMax })).filter(
      (one) => one.command === 'wipe' && one.queuedAtMs >= activatedAtMs,
    )
  const unsent = (await wipes()).find((one) => unsentStates.has(one.state) && !wasSent(one))
  if (unsent) await store.queue.cancel(unsent.id, clock.nowMs())
  // An older one may have gone before it, and it may have gone itself meanwhile: what was sent may lie at the relay.
  const now = await wipes()
  const isOrdered = wipeAtMs !== null || now.some((one) => one.state !== 'done' && wasSent(one))
  if (isOrdered) return command(parts, pin, { command: 'cancel_wipe' })
  const cancelled = now.find(({ id }) => id === unsent?.id)
  if (cancelled) return itemView(parts, cancelled)
  throw new Fault('handheld.no_wipe', pin)
}

const unsentStates: ReadonlySet<ItemState> = new Set(['waiting', 'set_aside'])

async function command(parts: Parts, typed: string, order: Order): Promise<QueueItemView> {
  const { pin, userId } = await activeAccount(parts, typed)
  const sealed = sealOrder(parts.vault, pin, order)
  parts.log.info({ pin, command: order.command }, 'a command was queued')
  return queued(parts, {
    pin,
    userId,
    kind: 'command',
    command: order.command,
    sealed,
    nowMs: parts.clock.nowMs(),
  })
}

/** Queues one item and shows it. */
export async function queued(
  parts: Pick<AdminParts, 'store' | 'clock' | 'agentRuns'>,
  item: Parameters<Parts['store']['queue']['add']>[0][number],
): Promise<QueueItemView> {
  const [id = null] = await parts.store.queue.add([item])
  if (id === null) throw new Fault('handheld.not_active', item.pin)
  const kept = await parts.store.queue.find(id)
  if (!kept) throw new Fault('queue.unknown', String(id))
  return itemView(parts, kept)
}

/** The handheld would take it and let nobody use it: who opens with it has to choose another at once. */
async function refuseUnfit(parts: Parts, typed: string, password: string): Promise<void> {
  const { pin, userId } = await activeAccount(parts, typed)
  const misses = missesOf(password, effectiveRules(await layersOf(parts, userId)))
  if (misses.length > 0) throw new Fault('handheld.password_unfit', `${pin} wants ${misses.join('; ')}`)
}

function lockOrder({ password, ownerText: text }: LockTerms = {}): Order {
  if (password !== undefined && !isPassword(password))
    throw new Fault('admin.usage', `a handheld password has 1 to ${handheldPasswordBytesMax} bytes`)
  return {
    command: 'lock',
    ...(password === undefined ? {} : { password }),
    ...(text === undefined ? {} : { ownerText: ownerText(text) }),
  }
}

const isPassword = (text: string): boolean =>
  text !== '' && Buffer.byteLength(text) <= handheldPasswordBytesMax

function ownerText(text: string): string {
  if (Buffer.byteLength(text) <= ownerTextBytesMax) return text
  throw new Fault('admin.usage', `the owner text has at most ${ownerTextBytesMax} bytes`)
}

function wipeOrder({ afterMinutes = 0, organisationOnly = false }: WipeTerms = {}): Order {
  const waitSeconds = afterMinutes * 60
  const minutesMax = wipeWaitSecondsMax / 60
  if (!Number.isSafeInteger(afterMinutes) || afterMinutes < 0 || afterMinutes > minutesMax)
    throw new Fault('admin.usage', `a wipe waits 0 to ${minutesMax} minutes`)
  const scope = organisationOnly ? wipeScope.organisation : wipeScope.everything
  return { command: 'wipe', scope, waitSeconds }
}
