/** Activations in administrators' words. */
import { type Activation, hasEnded } from '#activation/activation.ts'
import type { Suite } from '#activation/event.ts'
import { explain } from '#activation/explain.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { ActivationDetail, ActivationView } from './views.ts'

export function activationView(activation: Activation, nowMs: number): ActivationView {
  const { stage, code, says, turn, sinceMs } = explain(activation, {
    grant: null,
    nextSendAtMs: null,
    account: null,
    nowMs,
  })
  return {
    id: activation.txn,
    address: activation.address,
    pin: activation.pin ?? null,
    stage,
    code,
    says,
    turn,
    startedAtMs: activation.startedAtMs,
    sinceMs,
    ended: hasEnded(activation),
  }
}

export const activationDetail = (
  activation: Activation,
  user: MailAddress | null,
  nowMs: number,
): ActivationDetail => ({
  ...activationView(activation, nowMs),
  user,
  model: activation.device?.model ?? null,
  software: activation.device?.software ?? null,
  algorithm: algorithmOf(activation.answer?.suite),
  mailbox: activation.mail?.mailbox ?? null,
  policyNumber: activation.policy?.number ?? null,
  booksNumber: activation.books?.number ?? null,
  supersededBy: activation.supersededBy ?? null,
})

export function algorithmOf(suite: Suite | undefined): 'AES' | '3DES' | null {
  if (suite === undefined) return null
  return suite === 1 ? 'AES' : '3DES'
}
