/**
 * The one line through which sends and list changes pass, in the order they came in. What waits while a commit
 * runs is judged and committed together, so that the disk is asked once for many frames; and since nothing else
 * changes lists, tokens and fences, the rows a decision was made by are still true when it is written.
 */

import { Fault } from '#kernel/fault.ts'
import { payloadKind } from '#protocol/payload.ts'
import type { Send } from '#protocol/relay-frame.ts'
import type { QueuedFrame, RelayName, SendAsk, SendWrite } from '#store/relay.ts'
import type { RelayEnv } from './hub.ts'
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

type AdmissionEnv = Pick<RelayEnv, 'store' | 'clock' | 'failpoint'>

interface WaitingSend {
  readonly ask: SendAsk
  readonly send: Send
  resolve(decision: SendDecision): void
  reject(error: unknown): void
}

type Waiting = WaitingSend | { readonly change: () => Promise<void> }

const batchMax = 256
const conflictsMax = 5

/** A frame that is on disk, as its receiver's queue holds it. */
export interface AdmittedFrame extends QueuedFrame {
  readonly receiver: RelayName
}

/** What comes of frames, after their senders were answered. */
export interface Receivers {
  /** This frame is now in its receiver's queue, and every frame before it was offered too. */
  offer(frame: AdmittedFrame): void
  /** Another process, or a commit that failed here, has put frames into queues: anybody's may hold more. */
  lookAgain(): void
}

export function makeAdmission(env: AdmissionEnv, receivers: Receivers): Admission {
  const tell = makeTeller(receivers)
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
      const admitted = await admitBatch(env, sends)
      // A turn later, so that the receipts go out before the deliveries that may be answered at once.
      await Promise.resolve()
      tell(admitted)
    } catch (error) {
      for (const send of sends) send.reject(error)
      // A commit that failed may have reached the disk, and what was admitted before it has.
      receivers.lookAgain()
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

/** Ids are given out one by one: a gap, as before the first frame of this process, is frames of another one. */
function makeTeller({ offer, lookAgain }: Receivers): (admitted: readonly AdmittedFrame[]) => void {
  let newestId: number | null = null
  return (admitted) => {
    let isWhole = true
    for (const { id } of admitted.toSorted((a, b) => a.id - b.id)) {
      isWhole &&= newestId !== null && id === newestId + 1
      newestId = id
    }
    if (isWhole) for (const frame of admitted) offer(frame)
    else lookAgain()
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
async function admitBatch(env: AdmissionEnv, sends: readonly WaitingSend[]): Promise<AdmittedFrame[]> {
  const admitted: AdmittedFrame[] = []
  let open = sends
  for (let round = 0; open.length > 0; round += 1) {
    if (round > conflictsMax) throw new Fault('store.unavailable', 'frames conflict with another writer')
    open = await admitRound(env, open, admitted)
  }
  return admitted
}

async function admitRound(
  { store, clock, failpoint }: AdmissionEnv,
  sends: readonly WaitingSend[],
  admitted: AdmittedFrame[],
): Promise<WaitingSend[]> {
  const nowMs = clock.nowMs()
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
  for (const write of writes) failpoint(`relay.before_${nameOf(write)}_stored`)
  const ids = writes.length > 0 ? await store.putSends(writes, nowMs) : []
  for (const write of writes) failpoint(`relay.after_${nameOf(write)}_stored`)
  const idOf = new Map(writes.map((write, i) => [write, ids[i] ?? null]))
  return sends.filter((waiting, i) => {
    const decision = decisions[i]
    const id = decision?.write ? idOf.get(decision.write) : undefined
    if (!decision || (decision.write && !id)) return true
    if (decision.write && id) admitted.push(admittedFrame(decision.write, id))
    waiting.resolve(decision)
    return false
  })
}

const admittedFrame = ({ ask, receiver, payload }: SendWrite, id: number): AdmittedFrame => ({
  id,
  receiver,
  sender: ask.sender,
  mid: ask.mid,
  tokenPin: ask.txnPrefix ? ask.pin : null,
  payload,
})

const nameOf = ({ payload }: SendWrite): string => payloadKind(payload) ?? 'payload'
