import { isPassword } from '#handheld/password.ts'
import type { SavedHandheld } from '#handheld/state-codec.ts'
import { ackStatus } from '#protocol/ack.ts'
import { type Order, wipeScope } from '#protocol/it-command.ts'
import type { SimHandheld } from '../world/sim-handheld.ts'
import type { Checker, Fail } from './checks.ts'
import type { Observed } from './observed.ts'
import { type ItemRow, isLive, orderReader } from './queue-rows.ts'

interface Command {
  item: ItemRow
  /** The account that it was queued for. */
  readonly txn: ItemRow['txn']
  readonly order: Order | null
  /** Under which it was sent. */
  readonly numbers: Set<number>
  /** Under which a handheld has carried it out. */
  readonly applied: Set<number>
}

/** What an administrator ordered is carried out once, or ends in a way that says why not. */
export const commandsAreKept = (): Checker => {
  const commands = new Map<number, Command>()
  const states = new Map<number, ItemRow>()
  /** The last number that each handheld has carried out. */
  const last = new Map<string, number>()
  let read: ((item: ItemRow) => Order | null) | null = null
  return {
    invariant: 'no command is lost, and none is carried out twice or otherwise',
    look: ({ items, world }, fail) => {
      if (!items) return
      read ??= orderReader(world.storageKeyPath)
      for (const item of items) {
        const before = states.get(item.id) ?? item
        states.set(item.id, item)
        if (item.state === 'replaced' && isLive(before)) checkReplaced(items, before, item, fail)
        if (item.kind !== 'command') continue
        const known = commands.get(item.id)
        const command = known ?? {
          item,
          txn: item.txn,
          order: read(item),
          numbers: new Set(),
          applied: new Set(),
        }
        command.item = item
        if (item.number !== null) command.numbers.add(item.number)
        commands.set(item.id, command)
      }
    },
    saved: (handheld, saved, fail) => {
      const { command, txn } = saved.state.account ?? {}
      if (!command) return void last.delete(handheld.name)
      if (last.get(handheld.name) === command.number) return
      last.set(handheld.name, command.number)
      const ordered = [...commands.values()].find(({ numbers }) => numbers.has(command.number))
      if (!ordered)
        return fail(`${handheld.name} carried out ${command.name} ${command.number}, which nobody sent`)
      if (ordered.txn !== txn)
        fail(`${handheld.name} carried out item ${ordered.item.id} for ${txn}, which was for ${ordered.txn}`)
      ordered.applied.add(command.number)
      if (ordered.applied.size > 1)
        fail(`${handheld.name} carried out item ${ordered.item.id} as ${[...ordered.applied]}`)
      if (ordered.order) checkEffect(handheld, saved, ordered.order, fail)
    },
    quiet: (observed, fail) => {
      for (const command of commands.values()) checkAtRest(observed, command, fail)
    },
  }
}

/** By a newer one of its kind, by a wipe, a wipe also by the word that it is not wanted, or with its account. */
function checkReplaced(items: readonly ItemRow[], before: ItemRow, item: ItemRow, fail: Fail): void {
  const byNewer = items.some(
    ({ id, pin, kind, command }) =>
      pin === item.pin &&
      id > item.id &&
      kind === item.kind &&
      (kind !== 'command' || command === 'wipe' || (command === 'cancel_wipe' && item.command === 'wipe')),
  )
  if (!byNewer && before.txn === item.txn && item.txn !== null)
    fail(`item ${item.id} of ${item.pin}, ${item.command ?? item.kind}, was dropped for nothing`)
}

function checkEffect({ name }: SimHandheld, { state }: SavedHandheld, order: Order, fail: Fail): void {
  const { account, lock } = state
  if (!account) return
  const says = (what: string) => fail(`${name}: ${order.command} left ${what}`)
  if ('ownerText' in order && account.ownerText !== (order.ownerText || null))
    says(`the owner text ${account.ownerText}`)
  if (order.command === 'cancel_wipe' && account.wipe) says('a wipe that waits')
  if (order.command === 'lock') {
    if (!lock.locked) says('it open')
    if (order.password !== undefined && !isPassword(lock, order.password)) says('another password')
  }
  if (order.command !== 'wipe') return
  const scope = order.scope === wipeScope.everything ? 'everything' : 'organisation'
  const { wipe } = account
  if (wipe?.scope !== scope || wipe.dueMs - wipe.takenAtMs !== order.waitSeconds * 1000)
    says(`a wipe of ${wipe?.scope}`)
}

const carriedOut: ReadonlySet<number | null> = new Set([
  ackStatus.applied,
  ackStatus.appliedInPart,
  ackStatus.accepted,
])

function checkAtRest({ reachable }: Observed, { item, applied }: Command, fail: Fail): void {
  const { id, pin, command, state, status, code } = item
  const name = `item ${id} of ${pin}, ${command},`
  if (state === 'done' && (!carriedOut.has(status) || applied.size !== 1))
    fail(`${name} is called done with ${status}, and was carried out ${applied.size} times`)
  if (isLive(item) && reachable(pin)) fail(`${name} is still ${state}`)
  if (state === 'refused' || state === 'set_aside') fail(`${name} is ${state}: ${status} ${code}`)
}
