/** Handhelds that work for users, as the server knows them. */
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { cutsOff, unansweredRecall } from '#policy/queue.ts'
import type { HandheldAccount, Provisioned } from '#store/handhelds.ts'
import type { ItemState, QueueItem } from '#store/queue.ts'
import { algorithmOf } from '../activation-view.ts'
import type { HandheldCases } from '../admin.ts'
import { shortened, typedPin } from '../lookup.ts'
import { layersOf } from '../policy/preview.ts'
import { itemView, owedItem } from '../policy/queue.ts'
import { policyTimes } from '../policy/times.ts'
import type { AdminParts } from '../ports.ts'
import type { HandheldDetail, HandheldView, ProvisionedView } from '../views.ts'
import { locksTaken, lockView } from './lock-view.ts'

type Parts = Pick<AdminParts, 'store' | 'clock' | 'cutOffMs' | 'agentRuns'>

const itemsMax = 1_000

export function handheldCases(parts: Parts): Pick<HandheldCases, 'list' | 'show'> {
  const { store } = parts
  return {
    list: async () => {
      const addresses = new Map((await store.users.list()).map((user) => [user.id, user.address]))
      const accounts = await store.handhelds.list()
      const locks = await locksTaken(parts, accounts)
      return accounts.map((account) =>
        handheldView(account, addresses.get(account.userId) ?? null, locks.get(account)),
      )
    },
    show: (typed) => handheldDetail(parts, typed),
  }
}

export const handheldView = (
  account: HandheldAccount,
  user: MailAddress | null,
  lock: QueueItem | undefined,
): HandheldView => ({
  pin: account.pin,
  user,
  state: account.state,
  replacedBy: account.replacedBy,
  lockTakenAtMs: lock?.sinceMs ?? null,
  model: account.model,
  software: account.software,
  activatedAtMs: account.activatedAtMs,
  heardAtMs: account.heardAtMs,
  policy: shown(account.policy),
  books: shown(account.books),
})

/** Digests are the server's own affair. */
const shown = ({ sent, applied, leftOut }: Provisioned): ProvisionedView => ({ sent, applied, leftOut })

/** A PIN that worked for several users in turn is shown with the newest of them. */
export async function handheldDetail(parts: Parts, typed: string): Promise<HandheldDetail> {
  const { store } = parts
  const pin = typedPin(typed)
  const accounts = pin ? await store.handhelds.byPin(pin) : []
  const account = newest(accounts)
  if (!pin || !account) throw new Fault('handheld.unknown', shortened(typed))
  const user = await store.users.byId(account.userId)
  const key = await store.handhelds.currentKey(pin)
  const lock = (await locksTaken(parts, [account], pin)).get(account)
  return {
    ...handheldView(account, user?.address ?? null, lock),
    lock: await lockView(parts, lock),
    platform: account.platform,
    deviceKey: account.deviceKey,
    activation: account.txn,
    algorithm: algorithmOf(key?.suite),
    masterKeyMadeAtMs: key?.createdAtMs ?? null,
    masterKeyId: key?.kid ?? null,
    hybrid: key?.hybrid ?? false,
    ...(await given(parts, account)),
    waiting: (await store.deliveries.runningFor({ pin })).length,
  }
}

type Given = Pick<
  HandheldDetail,
  | 'policyName'
  | 'policyTimes'
  | 'isCutOff'
  | 'policyOwed'
  | 'booksOwed'
  | 'wipeAtMs'
  | 'wipeRecall'
  | 'wipedAtMs'
  | 'queue'
>

/** What it should have, what of that it lacks, and what else waits for it. */
async function given(parts: Parts, account: HandheldAccount): Promise<Given> {
  const { store, clock, cutOffMs } = parts
  const { pin, userId, state, wipeAtMs } = account
  const isActive = state === 'active'
  const items = await store.queue.list({ pin, limit: itemsMax })
  const open = isActive ? items.filter((one) => openStates.has(one.state)) : []
  const wipe = items.find(({ command, state: of }) => command === 'wipe' && of === 'done')
  return {
    policyName: isActive ? ((await layersOf(parts, userId))[0]?.name ?? null) : null,
    policyTimes: await policyTimes(parts, account, items),
    isCutOff: open.some((item) => cutsOff(item, cutOffMs, clock.nowMs())),
    policyOwed: isActive ? await owedItem(parts, account, 'policy') : null,
    booksOwed: isActive ? await owedItem(parts, account, 'books') : null,
    wipeAtMs: isActive ? wipeAtMs : null,
    wipeRecall: isActive && wipeAtMs !== null ? (unansweredRecall(items)?.id ?? null) : null,
    wipedAtMs: state === 'wiped' ? (wipe?.sinceMs ?? null) : null,
    queue: await Promise.all(open.map((item) => itemView(parts, item))),
  }
}

const openStates: ReadonlySet<ItemState> = new Set(['waiting', 'out', 'refused', 'set_aside'])

function newest(accounts: readonly HandheldAccount[]): HandheldAccount | undefined {
  const active = accounts.filter((account) => account.state === 'active')
  const among = active.length > 0 ? active : accounts
  return among.toSorted((a, b) => b.activatedAtMs - a.activatedAtMs)[0]
}
