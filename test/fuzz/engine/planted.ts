/** A decoder with a planted bug: it fails on one rare shape that no seed is near, step by step within it. */
import { decodeAck, encodeAck } from '#protocol/ack.ts'
import type { FuzzTarget } from './target.ts'

function planted(detail: Uint8Array): void {
  if (detail[0] !== 0x37) return
  if (detail[1] !== 0xa4) return
  if (detail[2] !== 0x5b) return
  throw new Error('the planted bug')
}

export const plantedTarget: FuzzTarget = {
  name: 'planted',
  run: (input) => {
    const ack = decodeAck(input)
    if (ack.ok && ack.value.detail) planted(ack.value.detail)
  },
  seeds: () => [encodeAck({ kid: 1, seq: 2, tag: new Uint8Array(8), status: 1, detail: new Uint8Array(6) })],
}

export const targets: readonly FuzzTarget[] = [plantedTarget]
