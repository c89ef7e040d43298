/**
 * Which packet numbers of one key and direction have been seen: a window of 1024 below the highest.
 * Mark a number only after its packet was authenticated, in the transaction that applies it.
 */
import { assert } from '#kernel/assert.ts'
import { concat, uintBytes } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'

export interface ReplayWindow {
  /** Numbers below this are in the window or too old: one more than the highest seen, 0 for none. */
  readonly next: number
  /** Bit `seq mod 1024` says whether `seq`, one of the last 1024 numbers below `next`, was seen. */
  readonly bits: Uint8Array
}

export type Freshness = 'new' | 'seen' | 'too_old'

const size = limits.replayWindow
const bitsBytes = size / 8
const nextBytes = 8
const nextMax = Number.MAX_SAFE_INTEGER + 1

export const emptyReplayWindow: ReplayWindow = { next: 0, bits: new Uint8Array(bitsBytes) }

export function checkReplay(window: ReplayWindow, seq: number): Freshness {
  if (seq >= window.next) return 'new'
  if (seq < window.next - size) return 'too_old'
  return isMarked(window.bits, seq) ? 'seen' : 'new'
}

/** The window with `seq` seen; the given one is not changed. `seq` must be new. */
export function markReplay(window: ReplayWindow, seq: number): ReplayWindow {
  assert(checkReplay(window, seq) === 'new', 'only a new packet number is marked')
  const bits = window.bits.slice()
  const next = Math.max(window.next, seq + 1)
  for (let skipped = Math.max(window.next, next - size); skipped < next; skipped += 1)
    setBit(bits, skipped, 0)
  setBit(bits, seq, 1)
  return { next, bits }
}

/** 136 bytes: `next` big-endian, then the bits. */
export const encodeReplayWindow = (window: ReplayWindow): Uint8Array =>
  concat(uintBytes(window.next, nextBytes), window.bits)

export function decodeReplayWindow(bytes: Uint8Array): Decoded<ReplayWindow> {
  if (bytes.length !== nextBytes + bitsBytes) return refused('wrong_shape', 'replayWindow')
  const next = Number(new DataView(bytes.buffer, bytes.byteOffset, nextBytes).getBigUint64(0))
  // One more than the highest number there may be, which a window that has seen it holds.
  if (next > nextMax) return refused('out_of_range', 'replayWindow.next')
  return decoded({ next, bits: bytes.slice(nextBytes) })
}

function isMarked(bits: Uint8Array, seq: number): boolean {
  const place = seq % size
  return (((bits[place >> 3] ?? 0) >> (place & 7)) & 1) === 1
}

function setBit(bits: Uint8Array, seq: number, bit: 0 | 1): void {
  const place = seq % size
  const mask = 1 << (place & 7)
  const byte = bits[place >> 3] ?? 0
  bits[place >> 3] = bit === 1 ? byte | mask : byte & ~mask
}
