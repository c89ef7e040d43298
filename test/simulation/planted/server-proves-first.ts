import { decodeM2, encodeM4 } from '#protocol/exchange.ts'
import { decodePayload, encodePayload } from '#protocol/payload.ts'
import type { Planted } from './planted.ts'

/** The server sends its own proof along with its answer, to whoever asked. */
export const serverProvesFirst = (): Planted => ({
  also: (sender, frame) => {
    if (frame.type !== 'send' || !sender.name.startsWith('agent')) return null
    const payload = decodePayload(frame.payload)
    const m2 = payload.ok && payload.value.kind === 'm2' ? decodeM2(payload.value.bytes) : null
    if (!m2?.ok) return null
    const { txn } = m2.value
    const proof = encodeM4({ txn, confirmV: sender.chance.bytes(32), box: sender.chance.bytes(64) })
    return { ...frame, mid: sender.chance.bytes(16), payload: encodePayload({ kind: 'm4', bytes: proof }) }
  },
})
