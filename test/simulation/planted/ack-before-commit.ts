import type { Planted } from './planted.ts'

/** A frame is acknowledged when it arrives, and stored by and by. */
export const ackBeforeCommit = (): Planted => ({
  reaching: (receiver, frame) =>
    receiver.name.startsWith('agent') && frame.type === 'deliver'
      ? { type: 'frame_ack', mid: frame.mid }
      : null,
})
