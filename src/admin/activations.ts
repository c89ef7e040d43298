/** Activations: listed, shown, explained hop by hop, followed live. */
import type { Activation } from '#activation/activation.ts'
import { type ExplainFacts, explain, explainDisabled, explainGrant } from '#activation/explain.ts'
import { remarksOn } from '#activation/remarks.ts'
import { timeline } from '#activation/timeline.ts'
import { type ActivationId, parseActivationId } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import type { ActivationFilter } from '#store/activations.ts'
import { activationDetail, activationView } from './activation-view.ts'
import type { ActivationCases, ActivationQuery } from './admin.ts'
import { addressOf, findUser, shortened, typedPin } from './lookup.ts'
import { approve, guardView } from './passwords/guard.ts'
import { invitationViews } from './passwords/invitations.ts'
import { pathOf, unheardOf } from './path.ts'
import type { AdminParts } from './ports.ts'
import type { ExplainedActivation } from './views.ts'
import { watchActivations } from './watch-activations.ts'

const limitDefault = 50
const limitMax = 1_000
/** How far back an activation is looked for by the first digits of its id, or by an address of no user. */
const searchedMax = 1_000

type Parts = Pick<AdminParts, 'store' | 'clock' | 'log' | 'agent' | 'mails'>

export function activationCases(parts: Parts): ActivationCases {
  const { store, clock } = parts
  return {
    list: async (query = {}) => {
      const runs = await store.activations.list(await filterOf(parts, query))
      return runs.map((run) => activationView(run, clock.nowMs()))
    },
    show: async (which) => {
      const run = await findActivation(parts, which)
      if (!run) throw new Fault('activation.unknown', shortened(which))
      const userId = (await store.activations.owned(run.txn))?.userId ?? null
      const user = userId === null ? null : await store.users.byId(userId)
      return activationDetail(run, user?.address ?? null, clock.nowMs())
    },
    explain: async (which) => {
      const known = await findActivation(parts, which)
      const run = (await unheardOfBy(parts, which, known)) ?? known
      return run ? explainRun(parts, run) : explainUser(parts, which)
    },
    approve: (address, pin) => approve(parts, address, pin),
    watch: (query = {}, signal) => watchActivations(parts, () => filterOf(parts, query), signal),
  }
}

async function filterOf(parts: Parts, query: ActivationQuery): Promise<ActivationFilter> {
  const limit = query.limit ?? limitDefault
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax)
    throw new Fault('admin.usage', `the limit is 1 to ${limitMax}, not ${limit}`)
  const filter = query.open ? { limit, open: true } : { limit }
  if (query.of === undefined) return filter
  const pin = typedPin(query.of)
  if (pin) return { ...filter, pin }
  return { ...filter, userId: (await findUser(parts.store.users, query.of)).id }
}

/** Null where `which` is an address of a user without activations. @throws Fault activation.*, user.unknown */
async function findActivation(parts: Parts, which: string): Promise<Activation | null> {
  if (which.includes('@')) return newestOfAddress(parts, which)
  const pin = typedPin(which)
  const [byPin] = pin ? await parts.store.activations.list({ pin, limit: 1 }) : []
  if (byPin) return byPin
  return byId(parts, which.toLowerCase())
}

/** By its address a user's newest request is meant, also where only the relay knows of it. */
async function unheardOfBy(
  parts: Parts,
  which: string,
  newest: Activation | null,
): Promise<Activation | null> {
  const user = which.includes('@') ? await parts.store.users.byAddress(addressOf(which)) : null
  return user && unheardOf(parts, user, newest)
}

async function newestOfAddress({ store }: Parts, typed: string): Promise<Activation | null> {
  const address = addressOf(typed)
  const user = await store.users.byAddress(address)
  if (user) return (await store.activations.list({ userId: user.id, limit: 1 }))[0] ?? null
  const recent = await store.activations.list({ limit: searchedMax })
  const found = recent.find((run) => run.address === address)
  if (found) return found
  throw new Fault('user.unknown', address)
}

async function byId({ store }: Parts, typed: string): Promise<Activation> {
  const whole = parseActivationId(typed)
  const known = whole ? await store.activations.find(whole) : null
  if (known) return known
  const recent = /^[0-9a-f]{4,31}$/.test(typed) ? await store.activations.list({ limit: searchedMax }) : []
  const [found, another] = recent.filter((run) => run.txn.startsWith(typed))
  if (!found) throw new Fault('activation.unknown', shortened(typed))
  if (another) throw new Fault('activation.ambiguous', shortened(typed))
  return found
}

async function explainRun(parts: Parts, run: Activation): Promise<ExplainedActivation> {
  const { store, clock } = parts
  const nowMs = clock.nowMs()
  const kept = run.grantId === undefined ? null : await store.users.grant(run.grantId)
  const userId = (await store.activations.owned(run.txn))?.userId ?? null
  const user = userId === null ? await store.users.byAddress(run.address) : await store.users.byId(userId)
  const path = await pathOf(parts, run, user?.address ?? null)
  const facts = {
    grant: kept?.grant ?? null,
    newestGrant: user ? ((await store.users.newestGrant(user.id))?.grant ?? null) : null,
    ...(user ? { mainAddress: user.address } : {}),
    nextSendAtMs: await nextSendOf(parts, run.txn),
    ...(await accountOf(parts, run, userId)),
    path,
    nowMs,
  }
  const { stage: _stage, ...explanation } = explain(run, facts)
  const { code, says, turn, sinceMs } = explanation
  return {
    address: run.address,
    activation: { ...activationView(run, nowMs), code, says, turn, sinceMs },
    explanation,
    remarks: remarksOn(run),
    timeline: timeline(await store.activations.events(run.txn), path.relayMail),
    mails: await invitationViews(parts, kept),
    guard: await guardView(parts, kept),
  }
}

/** What became of the handheld that this run set up. */
async function accountOf(
  { store }: Pick<Parts, 'store'>,
  run: Activation,
  userId: number | null,
): Promise<Pick<ExplainFacts, 'account' | 'booksLeftOut'>> {
  const accounts = run.pin === undefined ? [] : await store.handhelds.byPin(run.pin)
  // A handheld that was activated anew has one account only: the newer activation's.
  const own = accounts.find(({ txn }) => txn === run.txn)
  const state = own?.state ?? (accounts.length > 0 ? 'replaced' : null)
  const elsewhere = accounts.some((one) => one.state === 'active' && one.userId !== userId)
  const account = state === 'replaced' && elsewhere ? 'other_user' : state
  return { account, booksLeftOut: own?.books.leftOut ?? [] }
}

async function nextSendOf({ store }: Pick<Parts, 'store'>, txn: ActivationId): Promise<number | null> {
  const running = await store.deliveries.runningFor({ txn })
  const times = running.map((delivery) => delivery.nextAtMs)
  return times.length === 0 ? null : Math.min(...times)
}

async function explainUser(parts: Parts, which: string): Promise<ExplainedActivation> {
  const { store, clock } = parts
  const user = await findUser(store.users, which)
  const kept = await store.users.newestGrant(user.id)
  const mails = await invitationViews(parts, kept)
  const explanation = user.disabled
    ? explainDisabled(user.disabled.atMs)
    : explainGrant(kept?.grant ?? null, clock.nowMs(), mails)
  const guard = await guardView(parts, kept)
  return { address: user.address, activation: null, explanation, remarks: [], timeline: [], mails, guard }
}
