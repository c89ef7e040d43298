import type { ActivationId } from '#kernel/brand.ts'
import type { Checker, Fail } from './checks.ts'
import type { Observed } from './observed.ts'
import { type ItemRow, isLive } from './queue-rows.ts'

/** Every item is in a state that it can leave, and only what the account as it is now should have is on its way. */
export const queueIsSound = (): Checker => {
  /** The account that an item was queued for. */
  const queuedFor = new Map<number, ActivationId | null>()
  return {
    invariant: 'no item of the queue is in an impossible state',
    look: (observed, fail) => {
      const { items } = observed
      if (!items) return
      for (const item of items)
        if (mayBeginAgain(item) || !queuedFor.has(item.id)) queuedFor.set(item.id, item.txn)
      const live = items.filter(isLive)
      for (const item of items) checkEnded(item, fail)
      for (const item of live) checkLive(observed, live, item, queuedFor.get(item.id) ?? null, fail)
      for (const [pin, mine] of Map.groupBy(live, (one) => one.pin)) checkTogether(pin, mine, fail)
    },
  }
}

function checkLive(
  observed: Observed,
  live: readonly ItemRow[],
  item: ItemRow,
  queuedFor: ActivationId | null,
  fail: Fail,
): void {
  if (item.txn === null) fail(`${nameOf(item)} waits, and no account works there`)
  else if (item.txn !== queuedFor)
    fail(`${nameOf(item)} was queued for ${queuedFor} and waits for ${item.txn}`)
  if (item.state === 'out') checkOut(observed, item, fail)
  else if (item.due_at_ms === null && !canWait(live, item)) fail(`${nameOf(item)} waits for nothing`)
}

/** Sent again by an administrator it is queued for the account as it is then; what was replaced never is. */
const mayBeginAgain = (item: ItemRow): boolean => !isLive(item) && item.state !== 'replaced'

const nameOf = ({ id, pin, kind, command, state }: ItemRow): string =>
  `item ${id} of ${pin}, ${command ?? kind}, ${state},`

function checkEnded(item: ItemRow, fail: Fail): void {
  if (isLive(item) || item.state === 'set_aside') return
  if (item.sealed !== null && item.command !== 'wipe') fail(`${nameOf(item)} keeps what it ordered`)
  if (item.due_at_ms !== null) fail(`${nameOf(item)} is due`)
  if (item.state === 'refused' && item.code === null) fail(`${nameOf(item)} has no code`)
}

function checkOut({ db }: Observed, item: ItemRow, fail: Fail): void {
  const delivery = db.one<{ state: string }>('SELECT state FROM delivery WHERE key = ?', item.delivery_key)
  if (delivery?.state !== 'running') fail(`${nameOf(item)} has a delivery that is ${delivery?.state}`)
}

/** Books wait for a policy; a command for one before it, for one that was sent, and for the end of a wipe's recall. */
const canWait = (live: readonly ItemRow[], item: ItemRow): boolean =>
  live.some((one) => {
    if (one.pin !== item.pin || one.id === item.id) return false
    if (item.kind === 'books') return one.kind === 'policy'
    if (one.kind !== item.kind) return false
    return one.id < item.id || wasSent(one) || one.command === 'cancel_wipe'
  })

/** It is on its way, or goes again since nobody has answered it. */
const wasSent = ({ state, number, status }: ItemRow): boolean =>
  state === 'out' || (number !== null && status === null)

function checkTogether(pin: string, live: readonly ItemRow[], fail: Fail): void {
  const wipe = live.findLast(({ command }) => command === 'wipe')
  const before = wipe && live.find(({ id, kind }) => kind === 'command' && id < wipe.id)
  if (before) fail(`${nameOf(before)} waits though a wipe, item ${wipe.id}, was ordered after it`)
  for (const kind of ['policy', 'books', 'command'] as const) {
    const mine = live.filter((one) => one.kind === kind && (kind !== 'command' || one.state === 'out'))
    if (mine.length > 1) fail(`${pin} has ${mine.length} of ${kind} at once: ${mine.map(({ id }) => id)}`)
  }
}
