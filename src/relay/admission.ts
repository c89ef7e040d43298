/**
 * The one line through which sends and list changes pass, in the order they came in. What waits while a commit
 * runs is judged and committed together, so that the disk is asked once for many frames; and since nothing else
 * changes lists, tokens and fences, the rows a decision was made by are still true when it is written.
 */

import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import type { Send } from '#protocol/relay-frame.ts'
import type { RelayName, RelayStore, SendAsk } from '#store/relay.ts'
import { decideSends } from './send-batch.ts'
import type { SendDecision } from './store-forward.ts'

export interface Admission {
  /** Resolves after the commit. @throws Fault store.unavailable: no receipt may be given */
  send(ask: SendAsk, send: Send): Promise<SendDecision>
  /** Runs `change` (of lists) after all sends before it and before all sends after it. */
  change(change: () => Promise<void>): Promise<void>
  /** Resolves when everything that waits has been worked off. */
  settled(): Promise<void>
}

interface WaitingSend {
  readonly ask: SendAsk
  readonly send: Send
  resolve(decision: SendDecision): void
  reject(error: unknown): void
}

type Waiting = WaitingSend | { readonly change: () => Promise<void> }

const batchMax = 256
const conflictsMax = 5

/** `wake` is called for each receiver of frames that are now in its queue, after their senders were answered. */
export function makeAdmission(
  store: RelayStore,
  clock: Clock,
  wake: (receiver: RelayName) => void,
): Admission {
  const waiting: Waiting[] = []
  let running: Promise<void> | null = null

  const run = async (): Promise<void> => {
    for (let next = waiting[0]; next; next = waiting[0]) {
      if ('change' in next) {
        waiting.shift()
        await next.change()
      } else {
        await admit(takeSends(waiting))
      }
    }
    running = null
  }
  const admit = async (sends: WaitingSend[]): Promise<void> => {
    try {
      const receivers = await admitBatch(store, clock, sends)
      // A turn later, so that the receipts go out before the deliveries that may be answered at once.
      await Promise.resolve()
      for (const receiver of receivers) wake(receiver)
    } catch (error) {
      for (const send of sends) send.reject(error)
    }
  }
  const enqueue = (one: Waiting): void => {
    waiting.push(one)
    running ??= Promise.resolve().then(run)
  }
  return {
    send: (ask, send) => new Promise((resolve, reject) => enqueue({ ask, send, resolve, reject })),
    change: (change) =>
      new Promise((resolve, reject) => enqueue({ change: () => change().then(resolve, reject) })),
    settled: async () => {
      await running
    },
  }
}

function takeSends(waiting: Waiting[]): WaitingSend[] {
  const sends: WaitingSend[] = []
  for (let next = waiting[0]; next && !('change' in next); next = waiting[0]) {
    if (sends.length >= batchMax) break
    sends.push(next)
    waiting.shift()
  }
  return sends
}

/** Judges, commits and answers; where another process wrote meanwhile, that send is judged again. */
async function admitBatch(
  store: RelayStore,
  clock: Clock,
  sends: readonly WaitingSend[],
): Promise<Set<RelayName>> {
  const receivers = new Set<RelayName>()
  let open = sends
  for (let round = 0; open.length > 0; round += 1) {
    if (round > conflictsMax) throw new Fault('store.unavailable', 'frames conflict with another writer')
    open = await admitRound(store, clock.nowMs(), open, receivers)
  }
  return receivers
}

async function admitRound(
  store: RelayStore,
  nowMs: number,
  sends: readonly WaitingSend[],
  receivers: Set<RelayName>,
): Promise<WaitingSend[]> {
  const rows = await store.findSendRows(
    sends.map(({ ask }) => ask),
    nowMs,
  )
  const batch = sends.flatMap(({ ask, send }, i) => {
    const row = rows[i]
    return row ? [{ ask, send, rows: row }] : []
  })
  const decisions = decideSends(batch, nowMs)
  const writes = decisions.flatMap(({ write }) => write ?? [])
  const written = writes.length > 0 ? await store.putSends(writes, nowMs) : []
  const refused = new Set(writes.filter((_, i) => written[i] !== true))
  return sends.filter((waiting, i) => {
    const decision = decisions[i]
    if (!decision || (decision.write && refused.has(decision.write))) return true
    if (decision.write) receivers.add(decision.write.receiver)
    waiting.resolve(decision)
    return false
  })
}
