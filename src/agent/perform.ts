/** Works off what activations asked for: due items one after another per activation, several at a time. */
import type { Activation } from '#activation/activation.ts'
import type { ActivationEvent } from '#activation/event.ts'
import { assert, InvariantError, unreachable } from '#kernel/assert.ts'
import { type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import type { WorkItem } from '#store/activations.ts'
import { makeAnswer } from './answer.ts'
import type { AgentEnv } from './domain.ts'
import { judgeProof } from './judge.ts'
import { type Loop, makeLoop } from './loop.ts'
import type { Numbers } from './numbers.ts'
import { sendService } from './policy-service.ts'
import { raise, type Situation } from './raise.ts'
import { supersedeOthers } from './supersede.ts'

const firstRetryMs = 1_000
/** The longest pause after work that failed. */
export const longestRetryMs = 300_000

/** Starts the performer; `poke` it whenever work may have been added. */
export function startPerformer(env: AgentEnv, numbers: Numbers): Loop {
  return makeLoop({
    clock: env.clock,
    dueInMs: async () => {
      const atMs = await env.store.activations.nextWorkAtMs()
      return atMs === null ? null : atMs - env.clock.nowMs()
    },
    pass: async () => {
      const due = await env.store.activations.dueWork(env.clock.nowMs(), limits.proofsAtOnceMax)
      await Promise.all(perActivation(due).map((items) => inTurn(env, numbers, items)))
      return due.length
    },
    onError: (error) => env.log.error({ code: faultCodeOf(error) }, 'the work queue could not be read'),
  })
}

/** What a run means for the others is told to them alone: its own next step need not wait for that. */
const rowOf = ({ txn, kind }: WorkItem): string => (kind === 'supersede_others' ? `${txn} others` : txn)

const perActivation = (due: readonly WorkItem[]): WorkItem[][] => [...Map.groupBy(due, rowOf).values()]

async function inTurn(env: AgentEnv, numbers: Numbers, items: readonly WorkItem[]): Promise<void> {
  for (const item of items) await attempt(env, numbers, item)
}

/** A failure of the world puts the item off; a mistake of ours stops this one activation and nothing else. */
async function attempt(env: AgentEnv, numbers: Numbers, item: WorkItem): Promise<void> {
  const log = env.log.with({ activation: item.txn, work: item.kind })
  try {
    await perform(env, numbers, item)
    log.debug({}, 'work done')
  } catch (error) {
    const code = faultCodeOf(error)
    log.warn(
      { code, tries: item.tries + 1, detail: error instanceof Error ? error.message : '' },
      'work failed',
    )
    if (error instanceof InvariantError) return broken(env, item)
    const pauseMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(item.tries, 20))
    await env.store.activations.putOffWork(item.key, env.clock.nowMs() + pauseMs, code)
  }
}

async function broken(env: AgentEnv, item: WorkItem): Promise<void> {
  const atMs = env.clock.nowMs()
  await raise(env, item.txn, () => ({ kind: 'broken', where: item.kind, atMs }), { finishWork: [item.key] })
}

async function perform(env: AgentEnv, numbers: Numbers, item: WorkItem): Promise<void> {
  const activation = await env.store.activations.find(item.txn)
  if (!activation) return env.store.activations.finishWork(item.key)
  switch (item.kind) {
    case 'make_answer':
      return makeAnswer(env, activation, item.key)
    case 'judge_proof':
      return judgeProof(env, numbers, activation, item.key)
    case 'send_policy':
      return sendService(env, numbers, activation, 'policy', item.key)
    case 'send_books':
      return sendService(env, numbers, activation, 'books', item.key)
    case 'supersede_others':
      return supersedeOthers(env, activation, item.key)
    case 'close_run':
      return closeRun(env, item)
    case 'end_run':
      return endRun(env, activation, item)
    case 'approve_run':
      return approveRun(env, item)
    case 'wake':
      return wake(env, item)
    default:
      return unreachable(item.kind)
  }
}

async function closeRun(env: AgentEnv, item: WorkItem): Promise<void> {
  const code: FaultCode | null = item.lastCode
  assert(code, 'a closed grant says why')
  const atMs = env.clock.nowMs()
  await raise(env, item.txn, () => ({ kind: 'grant_closed', code, atMs }), { finishWork: [item.key] })
}

/** The handheld was wiped, removed, replaced or activated anew before the run was complete. */
async function endRun(env: AgentEnv, { pin, txn }: Activation, item: WorkItem): Promise<void> {
  assert(item.lastCode && pin, 'a handheld that has ended has a PIN, and a reason')
  const accounts = item.lastCode === 'request.superseded' ? await env.store.handhelds.byPin(pin) : []
  const by = accounts.find((account) => account.state === 'active' && account.txn !== txn)?.txn
  // The newer run's handheld may have come to its own end by now.
  const code: FaultCode = item.lastCode === 'request.superseded' && !by ? 'handheld.replaced' : item.lastCode
  const event = { kind: 'handheld_ended', code, ...(by ? { by } : {}), atMs: env.clock.nowMs() } as const
  await raise(env, txn, () => event, { finishWork: [item.key] })
}

/** An administrator has approved the handheld whose proof waits. */
async function approveRun(env: AgentEnv, item: WorkItem): Promise<void> {
  const atMs = env.clock.nowMs()
  const make = ({ activation }: Situation): ActivationEvent | null =>
    activation?.proof ? { kind: 'approved', pin: activation.proof.pin, atMs } : null
  await raise(env, item.txn, make, { finishWork: [item.key] })
}

async function wake(env: AgentEnv, item: WorkItem): Promise<void> {
  // A clock set back since the item was found due must not make the only call come too early.
  const atMs = Math.max(env.clock.nowMs(), item.dueAtMs)
  await raise(env, item.txn, () => ({ kind: 'time_passed', atMs }), { finishWork: [item.key] })
}
