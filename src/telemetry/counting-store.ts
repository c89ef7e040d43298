/**
 * A store that counts what its commits say: an event is counted when it is on disk, and once, however often
 * somebody had to try.
 */
import { type Activation, hasEnded, stages } from '#activation/activation.ts'
import type { ActivationEvent } from '#activation/event.ts'
import { reduce } from '#activation/reduce.ts'
import type { ActivationId } from '#kernel/brand.ts'
import { type LabelsOf, metricTable } from '#kernel/metric-table.ts'
import type { Metrics } from '#kernel/metrics.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import type { ActivationStore, Change } from '#store/activations.ts'
import type { ItemChange } from '#store/queue.ts'
import type { RelayStore } from '#store/relay.ts'
import type { Store } from '#store/store.ts'

export const countingStore = (store: Store, metrics: Metrics): Store => ({
  ...spread(store),
  activations: over(store.activations, { commit: countingCommit(store.activations, metrics) }),
  queue: over(store.queue, {
    change: async (change) => {
      await store.queue.change(change)
      countItem(metrics, change)
    },
  }),
  relay: over(store.relay, countingRelay(store.relay, metrics)),
})

/** Aggregates may be proxies, whose methods show only when they are asked for. */
const over = <T extends object>(aggregate: T, changed: Partial<T>): T =>
  new Proxy(aggregate, {
    get: (target, name) => Reflect.get(Object.hasOwn(changed, name) ? changed : target, name),
  })

const spread = ({ ...store }: Store): Store => store

interface Known {
  readonly stage: Activation['stage']
  readonly sinceMs: number
}

/** Activations whose stage this process remembers; of others it is read from their events. */
const knownMax = 10_000

function countingCommit(store: ActivationStore, metrics: Metrics): ActivationStore['commit'] {
  const known = new Map<ActivationId, Known>()
  const before = async (txn: ActivationId): Promise<Known | null> => known.get(txn) ?? replayed(store, txn)
  return async (change) => {
    const { activation } = change
    const was = activation && activation.expectedVersion > 0 ? await before(activation.next.txn) : null
    const result = await store.commit(change)
    if (result !== 'done') return result
    countOfHandhelds(metrics, change)
    if (!activation) return result
    countActivation(metrics, was, activation, change.nowMs)
    const { txn, stage } = activation.next
    known.delete(txn)
    if (!hasEnded(activation.next))
      known.set(txn, was?.stage === stage ? was : { stage, sinceMs: change.nowMs })
    const oldest = known.keys().next().value
    if (known.size > knownMax && oldest !== undefined) known.delete(oldest)
    return result
  }
}

/** What is not of an activation alone. */
function countOfHandhelds(metrics: Metrics, { receipts, item, switchKey }: Change): void {
  for (const { status } of receipts ?? [])
    metrics.count('postkey_receipts_total', { outcome: receiptName(status) })
  if (item) countItem(metrics, item)
  if (switchKey) metrics.count('postkey_key_rollovers_total', {})
}

/** `again` is an answer that asks for it; what nobody answered for a week goes again by itself. */
function countItem(metrics: Metrics, { state, status }: ItemChange): void {
  if (state === 'done' || state === 'refused' || state === 'set_aside')
    metrics.count('postkey_queue_items_total', { outcome: state })
  else if (state === 'waiting' && status !== undefined)
    metrics.count('postkey_queue_items_total', { outcome: 'again' })
}

function countActivation(
  metrics: Metrics,
  was: Known | null,
  { next, events }: NonNullable<Change['activation']>,
  nowMs: number,
): void {
  for (const event of events)
    if (event.kind === 'etp_seen') metrics.count('postkey_mails_seen_total', { strategy: event.mail.foundBy })
  if (was?.stage === next.stage) return
  for (const stage of reached(was?.stage ?? null, next.stage))
    metrics.count('postkey_activations_total', { stage })
  const left = was && isTimed(was.stage) ? was.stage : null
  if (was && left)
    metrics.observe(
      'postkey_activation_stage_duration_seconds',
      { stage: left },
      Math.max(0, nowMs - was.sinceMs) / 1000,
    )
  if (!hasEnded(next)) return
  metrics.count('postkey_activation_endings_total', {
    outcome: next.phase === 'complete' ? 'complete' : (next.code ?? 'request.superseded'),
  })
  if (next.phase === 'complete')
    metrics.observe('postkey_activation_duration_seconds', {}, Math.max(0, nowMs - next.startedAtMs) / 1000)
}

/** A commit may take an activation through several stages at once. */
function reached(from: Activation['stage'] | null, to: Activation['stage']): readonly Activation['stage'][] {
  const order: readonly (Activation['stage'] | null)[] = stages
  const last = order.indexOf(to)
  return last < 0 ? [to] : stages.slice(order.indexOf(from) + 1, last + 1)
}

type TimedStage = LabelsOf<'postkey_activation_stage_duration_seconds'>['stage']

const isTimed = (stage: Activation['stage']): stage is Extract<Activation['stage'], TimedStage> =>
  (metricTable.postkey_activation_stage_duration_seconds.values as readonly string[]).includes(stage)

interface Replay {
  readonly activation: Activation | null
  readonly known: Known | null
}

/** In which stage it stands and since when, out of its events. */
async function replayed(store: ActivationStore, txn: ActivationId): Promise<Known | null> {
  const step = ({ activation, known }: Replay, event: ActivationEvent): Replay => {
    const next = reduce(txn, activation, event)?.next ?? activation
    const same = next === null || next.stage === known?.stage
    return { activation: next, known: same ? known : { stage: next.stage, sinceMs: event.atMs } }
  }
  return (await store.events(txn)).reduce(step, { activation: null, known: null }).known
}

type ReceiptName = LabelsOf<'postkey_receipts_total'>['outcome']

const receiptNames: Readonly<Record<number, ReceiptName>> = {
  [receiptStatus.stored]: 'stored',
  [receiptStatus.delivered]: 'delivered',
  [receiptStatus.queueFull]: 'queue_full',
  [receiptStatus.notListed]: 'not_listed',
  [receiptStatus.tokenDead]: 'token_dead',
  [receiptStatus.expired]: 'expired',
}

const receiptName = (status: number): ReceiptName => receiptNames[status] ?? 'refused'

function countingRelay(store: RelayStore, metrics: Metrics): Partial<RelayStore> {
  return {
    putSends: async (writes, nowMs) => {
      const taken = await store.putSends(writes, nowMs)
      for (const [i, { ask }] of writes.entries())
        if (taken[i])
          metrics.count('postkey_relay_frames_total', { direction: ask.toDevice ? 'to_device' : 'to_server' })
      return taken
    },
    acknowledge: async (frames) => counted(metrics, 'delivered', await store.acknowledge(frames)),
    expire: async (nowMs, limit) => counted(metrics, 'expired', await store.expire(nowMs, limit)),
    putPeers: async (pin, srpIds) => counted(metrics, 'withdrawn', await store.putPeers(pin, srpIds)),
    removeServed: async (srpId, pins) => counted(metrics, 'withdrawn', await store.removeServed(srpId, pins)),
    endMail: async (result) => {
      await store.endMail(result)
      const outcome = result.state === 'queued' ? 'put_off' : result.state
      metrics.count('postkey_relay_mails_total', { outcome })
    },
    giveUpMails: async (nowMs) => {
      const mails = await store.giveUpMails(nowMs)
      metrics.count('postkey_relay_mails_total', { outcome: 'gave_up' }, mails.length)
      return mails
    },
  }
}

function counted<T>(metrics: Metrics, outcome: 'delivered' | 'expired' | 'withdrawn', frames: T[]): T[] {
  metrics.count('postkey_relay_frames_settled_total', { outcome }, frames.length)
  return frames
}
