/** A name at the server's relay taken by a test: it hears what that name is told, and says what it likes. */
import type { TestContext } from 'node:test'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { SrpId } from '#kernel/brand.ts'
import { fromHex, sameBytes } from '#kernel/bytes.ts'
import { silentLog } from '#kernel/log.ts'
import type { Frame, Send } from '#protocol/relay-frame.ts'
import { connectDevice, connectServer } from '#relay/client.ts'
import type { DeviceConnection, RelayClient } from '#relay/relay-client.ts'
import { type Postkey, relayTrust } from './postkey.ts'

export interface RelayEnd {
  /** Everything it was told, in order; what was delivered was acknowledged to the relay. */
  readonly frames: readonly Frame[]
  say(frame: Frame): void
  /** Sends in a new frame; resolves to the relay's first status. */
  send(send: Pick<Send, 'to' | 'payload' | 'fence'>): Promise<number>
  /** Resolves with what `look` finds, now or when more frames have come; null: nothing yet. */
  until<T>(look: () => T | null): Promise<T>
}

/** Logs in as this server; resolves when that is done. */
export const serverEnd = (
  t: TestContext,
  postkey: Postkey,
  srpId: SrpId,
  srpKey: string,
): Promise<RelayEnd> =>
  logIn(t, postkey, (common) =>
    connectServer({ ...common, srpId, srpKey: fromHex(srpKey), pinnedSealKeys: [] }),
  )

/** Logs in as this handheld; resolves when that is done. */
export const deviceEnd = (
  t: TestContext,
  postkey: Postkey,
  device: Pick<DeviceConnection, 'pin' | 'deviceKey'>,
): Promise<RelayEnd> => logIn(t, postkey, (common) => connectDevice({ ...common, ...device }))

async function logIn(
  t: TestContext,
  postkey: Postkey,
  connect: (common: ReturnType<typeof connection>) => RelayClient,
): Promise<RelayEnd> {
  const frames: Frame[] = []
  const watchers = new Set<() => void>()
  const ready = Promise.withResolvers<void>()
  const onFrame = async (frame: Frame): Promise<void> => {
    if (frame.type === 'deliver') client.send({ type: 'frame_ack', mid: frame.mid })
    frames.push(frame)
    for (const look of [...watchers]) look()
  }
  const client = connect(connection(postkey, { onReady: () => ready.resolve(), onFrame }))
  t.after(() => client.close())
  await ready.promise
  const until: RelayEnd['until'] = (look) =>
    new Promise((resolve) => {
      const again = (): void => {
        const found = look()
        if (found === null) return
        watchers.delete(again)
        resolve(found)
      }
      watchers.add(again)
      again()
    })
  const send: RelayEnd['send'] = (fields) => {
    const mid = systemRandom.bytes(16)
    client.send({ type: 'send', mid, ttlSeconds: 600, ...fields })
    return until(() => {
      const receipt = frames.find((frame) => frame.type === 'receipt' && sameBytes(frame.mid, mid))
      return receipt?.type === 'receipt' ? receipt.status : null
    })
  }
  return { frames, say: (frame) => client.send(frame), send, until }
}

interface Handlers {
  readonly onReady: () => void
  readonly onFrame: (frame: Frame) => Promise<void>
}

const connection = (postkey: Postkey, handlers: Handlers) => ({
  ...relayTrust(postkey),
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  handlers,
})
