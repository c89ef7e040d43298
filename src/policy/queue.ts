/**
 * The Policy Service's order. During an activation: the IT policy first, and nothing else before the handheld has
 * applied it. Later, for each handheld: at most one policy and one set of books on their way, books not beside a policy,
 * commands one after the other, and first of all the word that a wipe is not wanted any more.
 */
import type { Activation } from '#activation/activation.ts'
import type { FaultCode } from '#kernel/fault.ts'
import { ackStatus } from '#protocol/ack.ts'

export type Service = 'policy' | 'books'

/** What the handheld of this activation is due next, or null where it is its turn, not ours. */
export function nextService(activation: Activation): Service | null {
  if (activation.phase === 'policy_due' || activation.phase === 'policy_refused') return 'policy'
  const applied = activation.policy?.status === 0 || activation.policy?.status === 1
  if (!applied) return null
  return activation.phase === 'books_due' || activation.phase === 'books_refused' ? 'books' : null
}

export interface Queued {
  readonly id: number
  readonly kind: Service | 'command'
  readonly state: string
  readonly command?: string | null
  /** Of what was sent last; null before. */
  readonly number?: number | null
  /** What the handheld answered to it; null before. */
  readonly status?: number | null
}

/** It was sent, waits to be sealed anew, and nothing was heard of it: it may have been carried out. */
const isUnanswered = ({ number, status }: Queued): boolean => typeof number === 'number' && status === null

/**
 * The live item of the same handheld that this one waits for, or null where it may go.
 * @param live waiting or out, oldest first
 */
export function waitsFor<I extends Queued>(live: readonly I[], item: I): I | null {
  if (item.kind === 'policy') return null
  if (item.kind === 'books') return live.find(({ kind }) => kind === 'policy') ?? null
  const commands = live.filter(({ kind }) => kind === 'command')
  // One that may have come is waited for: the handheld remembers its answer to the last one only.
  const first =
    commands.find(({ state }) => state === 'out') ??
    commands.find(isUnanswered) ??
    commands.find(({ command }) => command === 'cancel_wipe') ??
    commands[0]
  return first && first.id !== item.id ? first : null
}

type Sent = Pick<Queued, 'id' | 'state' | 'command'> & { readonly number: number | null }

/** Also where it is to go again: a copy may have come. */
export const wasSent = ({ number }: Pick<Sent, 'number'>): boolean => number !== null

/**
 * The word that the last wipe taken is not wanted any more, if it was sent and not answered: it may have come in time.
 * @param items of one handheld, newest first
 */
export function unansweredRecall<I extends Sent>(items: readonly I[]): I | null {
  const wipe = items.find(({ command, state }) => command === 'wipe' && state === 'done')
  const mayCome = (item: I): boolean =>
    item.command === 'cancel_wipe' &&
    wasSent(item) &&
    item.id > (wipe?.id ?? 0) &&
    !answeredStates.has(item.state)
  return items.find(mayCome) ?? null
}

/** In all others it may lie at the relay, also where nobody here waits for it any more. */
const answeredStates: ReadonlySet<string> = new Set(['done', 'refused'])

/**
 * Whether a handheld that has not applied this policy is cut off by now. One that refused it is; one whose policy could
 * not be made, or was taken out by an administrator, is not.
 * @param cutOffMs 0: no handheld is ever cut off
 */
export function cutsOff(
  { kind, state, owedSinceMs }: Omit<Queued, 'id'> & { readonly owedSinceMs: number },
  cutOffMs: number,
  nowMs: number,
): boolean {
  const isOwed = state === 'waiting' || state === 'out' || state === 'refused'
  return cutOffMs > 0 && kind === 'policy' && isOwed && nowMs - owedSinceMs >= cutOffMs
}

/** What becomes of an item once the handheld has answered it. */
export type Verdict =
  | { readonly state: 'done' }
  | { readonly state: 'refused'; readonly code: FaultCode }
  /** Sealed anew after that time; `policyFirst`: the handheld says that it has applied none. */
  | { readonly state: 'waiting'; readonly afterMs: number; readonly policyFirst: boolean }

const minuteMs = 60_000
/** A handheld that asks for no pause gets one: each round makes a new packet. */
const pauseMsMin = 5_000
/** A number that is refused so often is not the number's fault. */
const numbersMax = 5

/**
 * @param tries how often the item was sent
 * @param retryMs the pause the handheld asks for with `tryAgain`
 */
export function verdictOn(
  kind: Queued['kind'],
  status: number,
  tries: number,
  retryMs: number | null,
): Verdict {
  switch (status) {
    case ackStatus.applied:
    case ackStatus.appliedInPart:
    case ackStatus.accepted:
      return { state: 'done' }
    case ackStatus.notNow:
      return { state: 'waiting', afterMs: minuteMs, policyFirst: kind === 'books' }
    case ackStatus.tryAgain:
      return { state: 'waiting', afterMs: Math.max(pauseMsMin, retryMs ?? minuteMs), policyFirst: false }
    case ackStatus.refusedNumber:
      return tries < numbersMax
        ? { state: 'waiting', afterMs: 0, policyFirst: false }
        : { state: 'refused', code: refusalOf(kind, status) }
    default:
      return { state: 'refused', code: refusalOf(kind, status) }
  }
}

const policyRefusals: Readonly<Record<number, FaultCode>> = {
  [ackStatus.refusedSignature]: 'policy.refused',
  [ackStatus.refusedAddressee]: 'policy.other_domain',
  [ackStatus.refusedNumber]: 'policy.number',
}

function refusalOf(kind: Queued['kind'], status: number): FaultCode {
  if (kind === 'policy') return policyRefusals[status] ?? 'policy.form'
  if (kind === 'books') return 'books.refused'
  return status === ackStatus.unknown ? 'command.unknown' : 'command.refused'
}
