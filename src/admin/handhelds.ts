/** Handhelds that work for users, as the server knows them. */
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import type { HandheldAccount, Provisioned } from '#store/handhelds.ts'
import { algorithmOf } from './activation-view.ts'
import type { HandheldCases } from './admin.ts'
import { shortened, typedPin } from './lookup.ts'
import type { AdminParts } from './ports.ts'
import type { HandheldDetail, HandheldView, ProvisionedView } from './views.ts'

type Parts = Pick<AdminParts, 'store'>

export function handheldCases(parts: Parts): Pick<HandheldCases, 'list' | 'show'> {
  const { store } = parts
  return {
    list: async () => {
      const addresses = new Map((await store.users.list()).map((user) => [user.id, user.address]))
      const accounts = await store.handhelds.list()
      return accounts.map((account) => handheldView(account, addresses.get(account.userId) ?? null))
    },
    show: (typed) => handheldDetail(parts, typed),
  }
}

export const handheldView = (account: HandheldAccount, user: MailAddress | null): HandheldView => ({
  pin: account.pin,
  user,
  state: account.state,
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
export async function handheldDetail({ store }: Parts, typed: string): Promise<HandheldDetail> {
  const pin = typedPin(typed)
  const accounts = pin ? await store.handhelds.byPin(pin) : []
  const account = newest(accounts)
  if (!pin || !account) throw new Fault('handheld.unknown', shortened(typed))
  const user = await store.users.byId(account.userId)
  const key = await store.handhelds.currentKey(pin)
  return {
    ...handheldView(account, user?.address ?? null),
    platform: account.platform,
    deviceKey: account.deviceKey,
    activation: account.txn,
    algorithm: algorithmOf(key?.suite),
    masterKeyMadeAtMs: key?.createdAtMs ?? null,
    waiting: (await store.deliveries.runningFor({ pin })).length,
  }
}

function newest(accounts: readonly HandheldAccount[]): HandheldAccount | undefined {
  const active = accounts.filter((account) => account.state === 'active')
  const among = active.length > 0 ? active : accounts
  return among.toSorted((a, b) => b.activatedAtMs - a.activatedAtMs)[0]
}
