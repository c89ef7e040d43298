/** The small moves that every rule is made of. */
import type { FaultCode } from '#kernel/fault.ts'
import type { Activation, Phase, Stage } from './activation.ts'
import type { Effect, Reduced } from './effect.ts'
import type { ActivationEvent } from './event.ts'

type Step = Reduced<Activation>

/** One kind of event, with its time. */
export type Of<Kind extends ActivationEvent['kind']> = Extract<ActivationEvent, { kind: Kind }>

/** The event changes nothing and is not recorded. */
export const stay = (activation: Activation, ...effects: Effect[]): Step => ({ next: activation, effects })

/** The event is recorded; the phase stays. */
export const note = (activation: Activation, change: Partial<Activation>, ...effects: Effect[]): Step => ({
  next: { ...activation, ...change },
  effects,
})

/** The event moves the activation on, and starts a new waiting time. */
export function enter(
  activation: Activation,
  phase: Phase,
  stage: Stage,
  atMs: number,
  change: Partial<Activation>,
  ...effects: Effect[]
): Step {
  const { code: _code, ...rest } = activation
  return { next: { ...rest, ...change, phase, stage, sinceMs: atMs }, effects }
}

/** The activation ends with a code: nothing more is sent for it but what `effects` ask. */
export function stop(activation: Activation, code: FaultCode, atMs: number, ...effects: Effect[]): Step {
  return {
    next: { ...activation, phase: 'stopped', stage: 'failed', code, sinceMs: atMs },
    effects: [
      { kind: 'stop_sending', messages: ['m2', 'm4', 'key_check'] },
      { kind: 'erase_run_secrets' },
      ...effects,
    ],
  }
}
