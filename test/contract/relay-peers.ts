/** Clients of a relay world that keep everything they were told. */
import assert from 'node:assert/strict'
import { silentLog } from '#kernel/log.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import { connectDevice, connectServer } from '#relay/client.ts'
import type {
  DeviceConnection,
  DeviceReady,
  RelayClient,
  ServerConnection,
  ServerReady,
} from '#relay/relay-client.ts'
import { newDeviceKey, type RelayWorld, random, relayId, until } from './relay-world.ts'

/** A client with everything it was told. */
export class Peer<Info> {
  readonly infos: Info[] = []
  readonly frames: Frame[] = []
  readonly stages: string[] = []
  client: RelayClient | null = null
  onFrame: (frame: Frame) => Promise<void> = async () => {}
  readonly handlers = {
    onReady: (info: Info) => void this.infos.push(info),
    onFrame: async (frame: Frame) => {
      await this.onFrame(frame)
      this.frames.push(frame)
    },
    onState: ({ stage, code }: { stage: string; code: string | null }) =>
      void this.stages.push(code ? `${stage} ${code}` : stage),
  }

  get it(): RelayClient {
    assert.ok(this.client)
    return this.client
  }

  ready = (times = 1): Promise<void> => until(() => this.infos.length >= times, `log-in number ${times}`)
  stage = (stage: string): Promise<void> => until(() => this.it.state().stage === stage, stage)
  ofType = <T extends Frame['type']>(type: T) =>
    this.frames.filter((frame): frame is Extract<Frame, { type: T }> => frame.type === type)
}

const common = (world: RelayWorld) => ({
  url: world.url(),
  relayId,
  ca: world.ca,
  clock: world.clock,
  random,
  log: silentLog,
})

export function connectPhone(world: RelayWorld, over: Partial<DeviceConnection> = {}): Peer<DeviceReady> {
  const peer = new Peer<DeviceReady>()
  peer.client = connectDevice({
    ...common(world),
    pin: null,
    deviceKey: newDeviceKey(),
    handlers: peer.handlers,
    ...over,
  })
  return peer
}

export async function connectAgent(
  world: RelayWorld,
  name: string,
  over: Partial<ServerConnection> = {},
): Promise<Peer<ServerReady>> {
  const peer = new Peer<ServerReady>()
  const registered = await world.addServer(name)
  peer.client = connectServer({
    ...common(world),
    ...registered,
    pinnedSealKeys: [],
    handlers: peer.handlers,
    ...over,
  })
  return peer
}
