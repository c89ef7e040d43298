/** One run of a handheld decides over its others under the same grant. */
import type { Activation } from '#activation/activation.ts'
import type { Happening } from '#activation/event.ts'
import { limits } from '#kernel/limits.ts'
import type { AgentEnv } from './domain.ts'
import { raise } from './raise.ts'

/** Tells every other open run under the grant what `activation` means for it; repeating it changes nothing. */
export async function supersedeOthers(env: AgentEnv, activation: Activation, workKey: string): Promise<void> {
  const { grantId } = activation
  const limit = limits.transactionsPerGrantMax + 1
  const open = grantId === undefined ? [] : await env.store.activations.list({ grantId, open: true, limit })
  const others = open.filter(({ txn }) => txn !== activation.txn)
  for (const other of others) await tell(env, other, verdictOver(activation, other), activation)
  for (const crowded of crowdedOut(others))
    await tell(env, crowded, closed('request.crowded_out'), activation)
  await env.store.activations.finishWork(workKey)
}

type Verdict = Extract<Happening, { kind: 'grant_closed' | 'superseded' }> | 'gives_way' | null

const closed = (code: 'grant.used' | 'request.crowded_out'): Verdict => ({ kind: 'grant_closed', code })

/**
 * A used grant ends every other run. A claim, or a newer mail, of the same PIN ends that PIN's other runs;
 * an older mail of the same PIN gives way itself.
 */
function verdictOver(activation: Activation, other: Activation): Verdict {
  const confirmed = !['answered', 'proof_kept', 'judging', 'claimed'].includes(activation.phase)
  if (confirmed && activation.phase !== 'stopped') return closed('grant.used')
  if (other.pin === undefined || other.pin !== activation.pin) return null
  if (activation.phase === 'claimed') return { kind: 'superseded', by: activation.txn }
  if (activation.phase === 'stopped') return null
  if (other.phase === 'claimed') return null
  return isOlder(other, activation) ? { kind: 'superseded', by: activation.txn } : 'gives_way'
}

const mailedAt = ({ request }: Activation): number => request?.mailedAtMs ?? 0

/** Mails of one second have an order too, the same whoever asks: else each of two would end the other. */
function isOlder(one: Activation, other: Activation): boolean {
  const apartMs = mailedAt(one) - mailedAt(other) || one.startedAtMs - other.startedAtMs
  return apartMs === 0 ? one.txn < other.txn : apartMs < 0
}

async function tell(env: AgentEnv, other: Activation, verdict: Verdict, cause: Activation): Promise<void> {
  if (verdict === null) return
  const atMs = env.clock.nowMs()
  const [loser, event] =
    verdict === 'gives_way' ? [cause, { kind: 'superseded', by: other.txn } as const] : [other, verdict]
  await raise(env, loser.txn, ({ grant }) => {
    // Two proofs of one handheld may be judged at once: the run that holds the claim now is the one that counts.
    const holdsClaim = grant?.state === 'claimed' && grant.claim?.txn === loser.txn
    return event.kind === 'superseded' && holdsClaim ? null : { ...event, atMs }
  })
}

/** Beyond the number that may be open at once, the oldest of those that have proved nothing go. */
function crowdedOut(others: readonly Activation[]): Activation[] {
  const spare = others.length + 1 - limits.transactionsPerGrantMax
  if (spare <= 0) return []
  const unproven = others.filter(({ phase }) => phase === 'answering' || phase === 'answered')
  return unproven.sort((a, b) => mailedAt(a) - mailedAt(b)).slice(0, spare)
}
