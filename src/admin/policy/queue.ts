/** What waits for handhelds: seen, cancelled, sent again. */
import type { Pin } from '#kernel/brand.ts'
import { Fault, type FaultCode, faultRow } from '#kernel/fault.ts'
import { unansweredRecall, waitsFor, wasSent } from '#policy/queue.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import type { Delivery } from '#store/deliveries.ts'
import type { HandheldAccount } from '#store/handhelds.ts'
import type { QueueFilter, QueueItem } from '#store/queue.ts'
import { findUser, typedPin } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'
import type { QueueCases, QueueQuery } from './cases.ts'
import { isGuarded } from './guarded.ts'
import type { QueueItemView } from './views.ts'

type Parts = Pick<AdminParts, 'store' | 'clock' | 'agentRuns'>

const limitMax = 1_000

export function queueCases(parts: Parts): QueueCases {
  const { store, clock } = parts
  const shown = async (id: number) => itemView(parts, await findItem(parts, id))
  const cancel = async (id: number) => {
    await findItem(parts, id)
    if (!(await store.queue.cancel(id, clock.nowMs()))) throw new Fault('queue.ended', String(id))
    return shown(id)
  }
  return {
    list: async (query = {}) => {
      const items = await store.queue.list(await filterOf(parts, query))
      const ofHandheld = itemsOnce(store)
      return Promise.all(items.map((item) => itemView(parts, item, ofHandheld)))
    },
    show: shown,
    cancel: async (id) => {
      if (isGuarded(await findItem(parts, id))) throw new Fault('queue.guarded', String(id))
      return cancel(id)
    },
    cancelGuarded: cancel,
    resend: async (id) => {
      await findItem(parts, id)
      if (!(await store.queue.again(id, clock.nowMs()))) throw new Fault('queue.ended', String(id))
      return shown(id)
    },
  }
}

async function filterOf({ store }: Parts, { of, all, limit = 100 }: QueueQuery): Promise<QueueFilter> {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > limitMax)
    throw new Fault('admin.usage', `the limit is 1 to ${limitMax}`)
  const common = { limit, ...(all ? {} : { open: true }) }
  if (of === undefined) return common
  const pin = typedPin(of)
  return pin ? { ...common, pin } : { ...common, userId: (await findUser(store.users, of)).id }
}

async function findItem({ store }: Parts, id: number): Promise<QueueItem> {
  const item = Number.isSafeInteger(id) ? await store.queue.find(id) : null
  if (item) return item
  throw new Fault('queue.unknown', String(id))
}

/**
 * What of a policy or set the handheld does not have yet: on its way, stopped, or taken out by an administrator. Null: it
 * has what it should have.
 */
export async function owedItem(
  parts: Parts,
  account: Pick<HandheldAccount, 'pin' | 'activatedAtMs' | 'policy' | 'books'>,
  kind: 'policy' | 'books',
): Promise<QueueItemView | null> {
  const items = await parts.store.queue.list({ pin: account.pin, limit: limitMax })
  // An activation brings policy and books itself, whatever was owed before it.
  const newest = items.find((one) => one.kind === kind && one.queuedAtMs >= account.activatedAtMs)
  if (!newest || newest.state === 'done' || newest.state === 'replaced') return null
  // What was cancelled on its way may have been applied all the same.
  const isApplied = newest.number !== null && newest.number <= account[kind].applied
  return newest.state === 'cancelled' && isApplied ? null : itemView(parts, newest)
}

/** All items of a handheld, newest first. */
type OfHandheld = (pin: Pin) => Promise<readonly QueueItem[]>

/** Each handheld's are read once, however many of its items are shown. */
function itemsOnce(store: Parts['store']): OfHandheld {
  const read = new Map<Pin, Promise<readonly QueueItem[]>>()
  return (pin) => {
    const items = read.get(pin) ?? store.queue.list({ pin, limit: limitMax })
    read.set(pin, items)
    return items
  }
}

export async function itemView(
  { store, agentRuns }: Pick<Parts, 'store' | 'agentRuns'>,
  item: QueueItem,
  ofHandheld: OfHandheld = itemsOnce(store),
): Promise<QueueItemView> {
  const user = await store.users.byId(item.userId)
  const delivery = item.deliveryKey === null ? null : await store.deliveries.byKey(item.deliveryKey)
  const running = item.state === 'out' ? delivery : null
  const other = item.state === 'waiting' ? waitsFor(await store.queue.live(item.pin), item) : null
  return {
    id: item.id,
    pin: item.pin,
    user: user?.address ?? null,
    kind: item.kind,
    command: item.command,
    state: item.state,
    ...standing(item, running, other, agentRuns()),
    ...(await toldByLater(store, item, ofHandheld)),
    queuedAtMs: item.queuedAtMs,
    sinceMs: item.sinceMs,
    copies: running?.attempts ?? 0,
    nextTryAtMs: item.state === 'waiting' ? (other ? null : item.dueAtMs) : nextCopyAtMs(running),
    waitsFor: other?.id ?? null,
    number: item.number,
    leftOut: item.leftOut,
  }
}

/** Of a wipe that was taken, and of what was replaced, more is known than the item itself says. */
async function toldByLater(
  store: Parts['store'],
  item: QueueItem,
  ofHandheld: OfHandheld,
): Promise<Partial<Pick<QueueItemView, 'says'>>> {
  const isWipe = item.command === 'wipe' && item.state === 'done'
  if (!isWipe && item.state !== 'replaced') return {}
  const newer = (await ofHandheld(item.pin)).filter(({ id }) => id > item.id)
  return { says: isWipe ? await wipeWords(store, item, newer) : replacedWords(item, newer) }
}

/**
 * A handheld answers a wipe before it obeys: what has become of it since is told by what came after.
 * @param newer of the same handheld, newest first
 */
async function wipeWords(
  store: Parts['store'],
  { pin, userId, sinceMs }: QueueItem,
  newer: readonly QueueItem[],
): Promise<string> {
  // The first that came after it decides; what came later is of later wipes.
  const next = newer.findLast(
    ({ command, state }) => (command === 'cancel_wipe' || command === 'wipe') && state === 'done',
  )
  if (next?.command === 'cancel_wipe')
    return `The handheld had taken it, and forgot it again by item ${next.id}.`
  const accounts = await store.handhelds.byPin(pin)
  if (
    accounts.some(
      ({ activatedAtMs }) =>
        activatedAtMs > sinceMs && activatedAtMs <= (next?.sinceMs ?? Number.POSITIVE_INFINITY),
    )
  )
    return 'The handheld had taken it, and was activated anew since.'
  if (next) return `The handheld had taken it; another wipe, item ${next.id}, took its place there.`
  const account = accounts.find((one) => one.userId === userId)
  if (account?.state === 'wiped') return 'The handheld has taken it, and has erased itself.'
  if (account?.state === 'active' && account.wipeAtMs !== null) {
    const word = unansweredRecall(newer)
    const unless = word ? `, unless item ${word.id} came before` : ''
    return `The handheld has taken it, and erases itself when its time has come${unless}.`
  }
  return 'The handheld had taken it; what it was ordered for has ended otherwise.'
}

/** What took its place was queued in the same moment. */
function replacedWords(item: QueueItem, newer: readonly QueueItem[]): string {
  const by = newer.findLast(({ kind, queuedAtMs }) => kind === item.kind && queuedAtMs === item.sinceMs)
  if (!by) return `The account that it was for has ended.${mayArrive(item)}`
  const how = by.command === 'cancel_wipe' ? 'It was called back by item' : 'Its place was taken by item'
  return `${how} ${by.id}.${mayArrive(item)}`
}

/** What the relay holds is not tried again: it goes when the handheld comes. */
const nextCopyAtMs = (delivery: Delivery | null): number | null =>
  delivery === null || delivery.receipt === receiptStatus.stored ? null : delivery.nextAtMs

type Standing = Pick<QueueItemView, 'says' | 'next' | 'turn' | 'code'>

function standing(
  item: QueueItem,
  delivery: Delivery | null,
  other: QueueItem | null,
  agentRuns: boolean,
): Standing {
  switch (item.state) {
    case 'waiting':
      return waiting(item, other, agentRuns)
    case 'out':
      return out(item, delivery)
    case 'refused':
    case 'set_aside':
      return { ...wordsOf(item.code ?? 'queue.set_aside'), ...(item.state === 'set_aside' ? asideWords : {}) }
    case 'done':
      return ended(doneWords(item))
    case 'cancelled':
      return { ...ended(`Cancelled by an administrator.${mayArrive(item)}`), next: cancelledNext(item) }
    default:
      // Told by what came after it.
      return ended('')
  }
}

/** Nothing calls back what the relay has: where the handheld carries it out after all, the item says so. */
const mayArrive = (item: QueueItem): string =>
  wasSent(item) ? ' It had been sent: a copy at the relay may still reach the handheld.' : ''

function doneWords({ kind, leftOut }: QueueItem): string {
  if (kind === 'command') return 'The handheld has taken it.'
  return leftOut.length > 0 ? 'Applied in part.' : 'Applied.'
}

function cancelledNext(item: QueueItem): string {
  const { id, kind, command, pin } = item
  if (command === 'wipe' && wasSent(item))
    return `The handheld may still erase itself: call the wipe back with \`postkey handheld cancel-wipe ${pin}\`.`
  return kind === 'command'
    ? 'Nothing: give the command again where it is still wanted.'
    : `Nothing more is sent until the next change; \`postkey queue resend ${id}\` sends it after all.`
}

const asideWords = { says: faultRow('queue.set_aside').says, next: faultRow('queue.set_aside').next }

function waiting({ code }: QueueItem, other: QueueItem | null, agentRuns: boolean): Standing {
  if (other)
    return {
      says: `Waits for item ${other.id} to end.`,
      next: 'Nothing: it goes by itself.',
      turn: 'nobody',
      code,
    }
  if (code) return wordsOf(code)
  if (!agentRuns)
    return {
      says: 'Is queued, and goes when the server runs again.',
      next: 'Start it: `postkey serve`.',
      turn: 'administrator',
      code,
    }
  return { says: 'Is about to go.', next: 'Nothing: it goes by itself.', turn: 'server', code }
}

const waitCodes = {
  policy: 'policy.not_acknowledged',
  books: 'books.not_acknowledged',
  command: 'command.not_acknowledged',
} as const satisfies Record<QueueItem['kind'], FaultCode>

const heldWords = 'The relay holds it until the handheld comes on the air.'
const heldBackWords =
  'The relay holds it until the handheld comes on the air, which then hears it before it begins a wipe that lies there.'

/** What the relay said of the newest copy tells where it is. */
function out({ kind, code, command }: QueueItem, delivery: Delivery | null): Standing {
  const words = wordsOf(code ?? waitCodes[kind])
  switch (delivery?.receipt) {
    case receiptStatus.stored:
      return { ...words, says: command === 'cancel_wipe' ? heldBackWords : heldWords }
    case receiptStatus.delivered:
      return { ...words, says: 'The handheld has it and has not yet answered.' }
    case receiptStatus.notListed:
      return {
        ...words,
        says:
          command === 'wipe'
            ? 'The handheld lists this server no more: it may have erased itself, or been activated elsewhere.'
            : 'The handheld lists this server no more: it may have been activated elsewhere.',
      }
    case receiptStatus.expired:
      return { ...words, says: 'The relay could not deliver it in time; it goes again.' }
    default:
      return words
  }
}

const ended = (says: string): Standing => ({ says, next: '', turn: 'nobody', code: null })

const wordsOf = (code: FaultCode): Standing => {
  const { says, next, turn } = faultRow(code)
  return { says, next, turn, code }
}
