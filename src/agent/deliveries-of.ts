/** The messages an activation sends, as deliveries: their bytes, their way, and until when they are repeated. */
import type { Activation } from '#activation/activation.ts'
import { type Effect, type Message, messageKey } from '#activation/effect.ts'
import { assert } from '#kernel/assert.ts'
import type { ActivationId, Pin } from '#kernel/brand.ts'
import { fromHex } from '#kernel/bytes.ts'
import { type FaultCode, faultRow } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import { encodeErrorMessage } from '#protocol/exchange.ts'
import { encodePayload } from '#protocol/payload.ts'
import type { NewDelivery } from '#store/deliveries.ts'

const dayMs = 86_400_000

export const deliveriesOf = (
  activation: Activation,
  effects: readonly Effect[],
  nowMs: number,
): NewDelivery[] =>
  effects.flatMap((effect) => {
    if (effect.kind === 'send') return [messageDelivery(activation, effect.message, nowMs)]
    return effect.kind === 'tell' ? [toldDelivery(activation.txn, effect.pin, effect.code, nowMs)] : []
  })

export const stoppedKeys = (txn: ActivationId, effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) =>
    effect.kind === 'stop_sending' ? effect.messages.map((kind) => `${kind}:${txn}`) : [],
  )

/** One word to a handheld about a transaction that is not its own, or that nobody knows. */
export const toldDelivery = (txn: ActivationId, pin: Pin, code: FaultCode, nowMs: number): NewDelivery => ({
  key: `tell:${txn}:${pin}:${code}`,
  txn: null,
  of: 'error',
  to: { pin },
  payload: errorPayload(txn, code),
  until: 'receipt',
  firstAtMs: nowMs,
  endsAtMs: nowMs + dayMs,
})

function messageDelivery(activation: Activation, message: Message, nowMs: number): NewDelivery {
  const { txn } = activation
  const common = { key: messageKey(txn, message), txn, to: routeOf(activation, message), firstAtMs: nowMs }
  switch (message.kind) {
    case 'm2': {
      assert(activation.answer, 'M2 exists before it is sent')
      const payload = encodePayload({ kind: 'm2', bytes: fromHex(activation.answer.m2) })
      return { ...common, of: 'm2', payload, until: 'receipt', endsAtMs: activation.answer.keepUntilMs }
    }
    case 'error': {
      const payload = errorPayload(txn, message.code, message.triesLeft)
      return { ...common, of: 'error', payload, until: 'receipt', endsAtMs: nowMs + dayMs }
    }
    default:
      return { ...common, ...confirmation(activation, message.kind) }
  }
}

/** M4 and the key check are repeated for a day after the claim. */
function confirmation(
  { confirmation }: Activation,
  kind: 'm4' | 'key_check',
): Pick<NewDelivery, 'of' | 'payload' | 'until' | 'endsAtMs'> {
  assert(confirmation, 'M4 and the key check exist before they are sent')
  const payload =
    kind === 'm4'
      ? encodePayload({ kind: 'm4', bytes: fromHex(confirmation.m4) })
      : encodePayload({ kind: 'packet', bytes: fromHex(confirmation.keyCheck) })
  return { of: kind, payload, until: 'answer', endsAtMs: confirmation.atMs + limits.claimSecondsMax * 1000 }
}

/** The PIN where it is known; else the newest token. M2 always takes the token: its receipt names the PIN. */
function routeOf(activation: Activation, message: Message): NewDelivery['to'] {
  const { pin, token } = activation
  if (pin !== undefined && message.kind !== 'm2') return { pin }
  assert(token, 'a request has a route token')
  return { token: fromHex(token) }
}

function errorPayload(txn: ActivationId, code: FaultCode, triesLeft?: number): Uint8Array {
  const number = faultRow(code).e
  assert(number !== undefined, 'only codes with a handheld text are told')
  const bytes = encodeErrorMessage({ txn, code: number, ...(triesLeft === undefined ? {} : { triesLeft }) })
  return encodePayload({ kind: 'error', bytes })
}
