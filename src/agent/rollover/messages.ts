/** The server's half of a rollover on its way: sealed under the right key, the same bytes each time it is asked for. */
import type { Pin } from '#kernel/brand.ts'
import { encodeOtaKeyGen, type OtaKeyGen } from '#protocol/otakeygen.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { encodePayload } from '#protocol/payload.ts'
import type { NewDelivery } from '#store/deliveries.ts'
import type { KeptRollover } from '#store/rollovers.ts'
import type { AgentEnv } from '../domain.ts'
import { type SealingKey, sealPacket } from '../packets.ts'

export type RollingMessage = 'offer' | 'answer' | 'check' | 'done'

const dayMs = 86_400_000
/** An offer that nobody answers is given up then. */
export const offerLivesMs = 7 * dayMs
/** A key check is repeated until it is answered; the loop begins it anew before this ends. */
export const checkLivesMs = 60 * dayMs

const names: readonly RollingMessage[] = ['offer', 'answer', 'check', 'done']

const keyOf = (pin: Pin, newKid: number, what: RollingMessage): string => `rollover:${pin}:${newKid}:${what}`

/** Idempotency keys of everything a rollover sends, or of these messages of it. */
export const keysOf = (
  { pin, newKid }: Pick<KeptRollover, 'pin' | 'newKid'>,
  which: readonly RollingMessage[] = names,
): string[] => which.map((what) => keyOf(pin, newKid, what))

export const contentOf = (message: OtaKeyGen): Uint8Array => encodeOtaKeyGen(message)

/** The payload of a packet with this content. */
export function payloadOf(
  env: Pick<AgentEnv, 'random'>,
  key: SealingKey,
  seq: number,
  content: Uint8Array,
): Uint8Array {
  const { bytes } = sealPacket(env, key, seq, contentTypes.otakeygen, content)
  return encodePayload({ kind: 'packet', bytes })
}

/** What is asked is repeated until it is answered; an answer, until the relay has it. */
export function deliveryOf(
  { pin, newKid }: Pick<KeptRollover, 'pin' | 'newKid'>,
  what: RollingMessage,
  payload: Uint8Array,
  times: { readonly nowMs: number; readonly livesMs: number; readonly asks: boolean },
): NewDelivery {
  const { nowMs, livesMs, asks } = times
  return {
    key: keyOf(pin, newKid, what),
    txn: null,
    of: 'rollover',
    to: { pin },
    payload,
    until: asks ? 'answer' : 'receipt',
    firstAtMs: nowMs,
    endsAtMs: nowMs + livesMs,
  }
}
