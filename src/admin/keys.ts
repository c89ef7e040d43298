/** Master keys of handhelds: which they are, and rolling them over. */
import type { MailAddress, Pin } from '#kernel/brand.ts'
import { Fault, type Turn } from '#kernel/fault.ts'
import { isUnfinished } from '#rollover/rollover.ts'
import { serverBeginsAtMs } from '#rollover/times.ts'
import type { HandheldAccount, MasterKey } from '#store/handhelds.ts'
import type { KeptRollover } from '#store/rollovers.ts'
import { algorithmOf } from './activation-view.ts'
import type { KeyCases } from './admin.ts'
import { shortened, typedPin } from './lookup.ts'
import type { AdminParts } from './ports.ts'
import type { KeyView, RolloverView } from './views-keys.ts'

type Parts = Pick<AdminParts, 'store' | 'clock' | 'log' | 'suites' | 'rotateStorageKey' | 'certificates'>

export const keyCases = (parts: Parts): KeyCases => ({
  list: () => list(parts),
  roll: async (which) => {
    const { store, clock, log } = parts
    const pins = await pinsMeant(parts, which)
    await store.rollovers.want(pins, clock.nowMs())
    log.info(
      { event: 'wanted', name: which === 'all' ? 'all' : (pins[0] ?? '') },
      'keys are to be rolled over',
    )
    return { pins }
  },
  certificates: async () => parts.certificates(),
  rotateStorageKey: async () => {
    if (!parts.rotateStorageKey) throw new Fault('admin.running', 'stop the server first')
    return parts.rotateStorageKey()
  },
})

async function list({ store, suites }: Parts): Promise<KeyView[]> {
  const [accounts, users, rollovers] = await Promise.all([
    activeAccounts(store),
    store.users.list(),
    store.rollovers.list(),
  ])
  const addresses = new Map(users.map(({ id, address }) => [id, address]))
  const underWay = new Map(rollovers.map((rollover) => [rollover.pin, rollover]))
  const views: KeyView[] = []
  for (const { pin, userId } of accounts) {
    const key = await store.handhelds.currentKey(pin)
    if (key) views.push(keyView(key, addresses.get(userId) ?? null, underWay.get(pin) ?? null, suites))
  }
  return views
}

function keyView(
  key: MasterKey,
  user: MailAddress | null,
  rollover: KeptRollover | null,
  suites: Parts['suites'],
): KeyView {
  const currentSinceMs = key.currentSinceMs ?? key.createdAtMs
  return {
    pin: key.pin,
    user,
    kid: key.kid,
    algorithm: algorithmOf(key.suite) ?? 'AES',
    otherAlgorithm: key.suite !== suites[0],
    configured: suites.includes(key.suite),
    hybrid: key.hybrid,
    currentSinceMs,
    nextRolloverAtMs: serverBeginsAtMs(currentSinceMs),
    wanted: key.rollWantedAtMs !== null,
    rollover: rollover && isUnfinished(rollover) ? rolloverView(rollover) : null,
  }
}

const rolloverView = (rollover: KeptRollover): RolloverView => ({
  phase: rollover.phase,
  begunBy: rollover.side === 'proposer' ? 'server' : 'handheld',
  turn: turnOf(rollover),
  newKid: rollover.newKid,
  startedAtMs: rollover.startedAtMs,
  sinceMs: rollover.phaseAtMs,
})

/** Until the switch the handheld's next message is waited for; after it, what is still on its way to it. */
const turnOf = ({ phase, side, doneSent, doneSeen }: KeptRollover): Turn => {
  if (phase !== 'switched') return 'handheld'
  const waitsForHandheld = side === 'proposer' ? doneSent : !doneSeen
  return waitsForHandheld ? 'handheld' : 'server'
}

const activeAccounts = async (store: Parts['store']): Promise<HandheldAccount[]> =>
  (await store.handhelds.list()).filter(({ state }) => state === 'active')

/** @throws Fault handheld.unknown, handheld.not_active */
async function pinsMeant({ store }: Parts, which: string): Promise<Pin[]> {
  if (which === 'all') return (await activeAccounts(store)).map(({ pin }) => pin)
  const pin = typedPin(which)
  const accounts = pin ? await store.handhelds.byPin(pin) : []
  if (pin && accounts.some(({ state }) => state === 'active')) return [pin]
  throw new Fault(accounts.length > 0 ? 'handheld.not_active' : 'handheld.unknown', shortened(which))
}
