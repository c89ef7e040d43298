/** Brings one receiver its queue, in order and never more than its window; each frame once per connection. */

import { parsePin, parseSrpId } from '#kernel/brand.ts'
import { sameBytes } from '#kernel/bytes.ts'
import type { Deliver, Source } from '#protocol/relay-frame.ts'
import type { DeliveredFrame, QueuedFrame, RelayName, RelayStore } from '#store/relay.ts'

export interface Delivery {
  /** Reads what waits in the queue. */
  wake(): void
  /** The newest frame of the queue, which goes out as it is where nothing waits before it, and is read later else. */
  offer(frame: QueuedFrame): void
  /** The receiver has it: the frame, or null for what was not delivered here. */
  acked(mid: Uint8Array): DeliveredFrame | null
  forget(frameId: number): void
  stop(): void
}

export interface DeliveryEnv {
  readonly store: RelayStore
  readonly receiver: RelayName
  /** Frames that may be unacknowledged. */
  readonly window: number
  deliver(frame: Deliver): void
  /** More would only pile up in memory; `wake` comes when the line is free again. */
  isChoked(): boolean
  failed(error: unknown): void
}

const readAtOnce = 32

export function startDelivery(env: DeliveryEnv): Delivery {
  const inFlight = new Map<number, DeliveredFrame>()
  let lastId = 0
  let running = false
  let again = false
  let stopped = false
  /** The queue may hold more than has been delivered. */
  let behind = true

  const pump = async (): Promise<void> => {
    do {
      again = false
      for (let sent = -1; sent !== 0; ) sent = await deliverSome()
    } while (again)
    running = false
  }
  const deliverSome = async (): Promise<number> => {
    const room = Math.min(readAtOnce, env.window - inFlight.size)
    if (stopped || room <= 0 || env.isChoked()) return 0
    const frames = await env.store.listQueued(env.receiver, lastId, room)
    if (stopped) return 0
    behind = frames.length === room
    for (const frame of frames) deliver(frame)
    return frames.length
  }
  const deliver = (frame: QueuedFrame): void => {
    const { id, sender, mid, tokenPin } = frame
    lastId = id
    inFlight.set(id, { id, sender, mid, tokenPin })
    env.deliver(asDeliver(frame))
  }
  const wake = (): void => {
    again = true
    behind = true
    if (running || stopped) return
    running = true
    pump().catch((error: unknown) => {
      running = false
      env.failed(error)
    })
  }
  const offer = (frame: QueuedFrame): void => {
    if (stopped || frame.id <= lastId) return
    const isNext = !running && !behind
    if (isNext && inFlight.size < env.window && !env.isChoked()) deliver(frame)
    else wake()
  }
  const release = (frameId: number): void => {
    const wasFull = inFlight.size >= env.window
    if (inFlight.delete(frameId) && wasFull) wake()
  }
  return {
    wake,
    offer,
    // Two senders may have chosen the same mid: the one that was delivered first is acknowledged first.
    acked: (mid) => {
      for (const frame of inFlight.values()) {
        if (!sameBytes(frame.mid, mid)) continue
        release(frame.id)
        return frame
      }
      return null
    },
    forget: release,
    stop: () => {
      stopped = true
    },
  }
}

const asDeliver = ({ mid, sender, payload }: QueuedFrame): Deliver => ({
  type: 'deliver',
  mid,
  from: sourceOf(sender),
  payload,
})

function sourceOf(name: RelayName): Source {
  const pin = parsePin(name)
  if (pin) return { kind: 'handheld', pin }
  const srpId = parseSrpId(name)
  if (srpId) return { kind: 'server', srpId }
  throw new Error('a queued frame has a sender that is neither PIN nor SRP id')
}
