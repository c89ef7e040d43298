/** Turns what the reducer asked for into the one commit that the store understands. */
import type { Activation } from '#activation/activation.ts'
import { type Effect, workKey } from '#activation/effect.ts'
import type { ActivationEvent } from '#activation/event.ts'
import { changeGrant, type Grant } from '#activation/grant.ts'
import { type ActivationStep, reduce } from '#activation/reduce.ts'
import { assert } from '#kernel/assert.ts'
import type { ActivationId } from '#kernel/brand.ts'
import type { Change, NewWork } from '#store/activations.ts'
import type { KeptGrant } from '#store/users.ts'
import { deliveriesOf, stoppedKeys } from './deliveries-of.ts'
import type { AgentEnv } from './domain.ts'

/** What else belongs into the event's commit. */
export type Also = Omit<Change, 'nowMs' | 'activation' | 'grant'>

export interface Outcome {
  readonly env: AgentEnv
  readonly txn: ActivationId
  readonly before: Activation | null
  /** What happened, and what is left of it: an event that makes no sense now is not taken in. */
  readonly given: readonly ActivationEvent[]
  readonly step: Step | null
  readonly kept: KeptGrant | null
  readonly userId: number | null
  readonly also: Also
}

/** Several events folded one after the other. */
export interface Step extends ActivationStep {
  /** Those that were taken in. */
  readonly events: readonly ActivationEvent[]
}

/** Null where no event could begin the activation, or there is none. */
export function stepOf(
  txn: ActivationId,
  before: Activation | null,
  given: readonly ActivationEvent[],
): Step | null {
  return given.reduce<Step | null>((step, event) => {
    const last = step?.next ?? before
    const next = reduce(txn, last, event)
    if (!next) return step
    const events = next.next === last ? [] : [event]
    return {
      next: next.next,
      effects: [...(step?.effects ?? []), ...next.effects],
      events: [...(step?.events ?? []), ...events],
    }
  }, null)
}

/** Null where there is nothing to write. */
export function changeOf(outcome: Outcome): Change | null {
  const { env, before, given, step } = outcome
  const effects = step?.effects ?? []
  const events = step?.events ?? []
  const also = given.length > 0 && events.length === 0 ? withoutItsOwn(outcome.also) : outcome.also
  const next = step?.next ?? before
  if (events.length === 0 && effects.length === 0 && Object.keys(also).length === 0) return null
  const nowMs = env.clock.nowMs()
  return {
    nowMs,
    ...also,
    ...(step && events.length > 0 ? { activation: written(outcome, step) } : {}),
    ...grantPart(effects, outcome.kept),
    ...(next ? erasures(effects, next) : {}),
    ...(next ? promotions(effects, outcome, next, nowMs) : {}),
    addWork: [...(also.addWork ?? []), ...workOf(outcome.txn, next, effects, nowMs)],
    addDeliveries: [...(also.addDeliveries ?? []), ...(next ? deliveriesOf(next, effects, nowMs) : [])].map(
      (delivery) => env.outgoing?.begun(delivery) ?? delivery,
    ),
    stopDeliveries: [...(also.stopDeliveries ?? []), ...stoppedKeys(outcome.txn, effects)],
  }
}

/**
 * An event that came too late is not taken in, nor are the keys and messages that were made for it, nor the number
 * of a message that so was never sent.
 */
function withoutItsOwn({
  runSecrets: _secrets,
  addKey: _key,
  addDeliveries: _messages,
  account,
  ...rest
}: Also): Also {
  return account && account.kind !== 'sent' ? { ...rest, account } : rest
}

function written({ before, userId }: Outcome, { next, events }: Step): NonNullable<Change['activation']> {
  return { expectedVersion: before?.version ?? 0, next, userId, events }
}

function grantPart(effects: readonly Effect[], kept: KeptGrant | null): Pick<Change, 'grant'> {
  const changes = effects.filter((effect) => effect.kind === 'grant')
  // A claim that is given back to a grant that went with its user: nothing is left to change.
  if (changes.length === 0 || (!kept && changes.every(({ change }) => change.kind === 'released'))) return {}
  assert(kept, 'an activation changes the grant it runs under')
  const next = changes.reduce<Grant>((grant, { change }) => changeGrant(grant, change), kept.grant)
  return { grant: { id: kept.grant.id, expectedVersion: kept.version, next } }
}

type Erasures = Pick<Change, 'eraseRunSecrets' | 'eraseRecords' | 'erasePendingKeys'>

function erasures(effects: readonly Effect[], next: Activation): Erasures {
  const has = (kind: Effect['kind']) => effects.some((effect) => effect.kind === kind)
  const { grantId, pin } = next
  return {
    ...(has('erase_run_secrets') ? { eraseRunSecrets: next.txn } : {}),
    ...(has('erase_records') && grantId !== undefined ? { eraseRecords: grantId } : {}),
    ...(has('erase_pending_key') && pin !== undefined ? { erasePendingKeys: { pin, txn: next.txn } } : {}),
  }
}

type Promotions = Pick<Change, 'keyCurrent' | 'account'>

/** The handheld's key check makes key and account at once. */
function promotions(
  effects: readonly Effect[],
  outcome: Outcome,
  next: Activation,
  nowMs: number,
): Promotions {
  if (!effects.some((effect) => effect.kind === 'key_current')) return {}
  const { pin, answer, device, txn } = next
  const { userId } = outcome
  assert(pin && answer && device && userId !== null, 'a confirmed key has a handheld and a user')
  const { model, software, platform, deviceKey } = device
  const account = { pin, userId, txn, model, software, platform, deviceKey, activatedAtMs: nowMs }
  const perUserMax = outcome.env.domain.handheldsPerUser
  return {
    keyCurrent: { pin, kid: answer.kid },
    account: { kind: 'activated', account, perUserMax },
  }
}

function workOf(
  txn: ActivationId,
  next: Activation | null,
  effects: readonly Effect[],
  nowMs: number,
): NewWork[] {
  return effects.flatMap((effect): NewWork[] => {
    if (effect.kind === 'work') {
      const work = {
        key: workKey(txn, effect.work),
        txn,
        kind: effect.work,
        dueAtMs: nowMs + (effect.afterMs ?? 0),
      }
      const isForOthers = effect.work === 'supersede_others' && next?.grantId !== undefined
      return [isForOthers ? { ...work, ifOthersUnder: next.grantId } : work]
    }
    if (effect.kind === 'wake')
      return [{ key: `wake:${txn}:${effect.atMs}`, txn, kind: 'wake', dueAtMs: effect.atMs }]
    return []
  })
}
