/** A handheld and a server that are logged in at a relay, frame by frame. */
import assert from 'node:assert/strict'
import type { Pin, SrpId } from '#kernel/brand.ts'
import type { Destination } from '#protocol/relay-frame.ts'
import { makeRequest, openMail } from './relay-etp.ts'
import { type RawEnd, rawDevice, rawServer } from './relay-raw.ts'
import { newDeviceKey, newMid, type RelayWorld, until } from './relay-world.ts'

export interface Pair {
  readonly key: ReturnType<typeof newDeviceKey>
  readonly pin: Pin
  readonly srp: { srpId: SrpId; srpKey: Uint8Array }
  readonly toPin: Destination
  readonly toServer: Destination
  readonly device: RawEnd
  readonly server: RawEnd
}

export async function makePair(world: RelayWorld, number: number): Promise<Pair> {
  const srp = await world.addServer(`S${`${number}`.padStart(8, '0')}`)
  const key = newDeviceKey()
  const { end: device, ok } = await rawDevice(world, key)
  const { end: server } = await rawServer(world, srp)
  const toPin: Destination = { kind: 'handheld', pin: ok.pin }
  const toServer: Destination = { kind: 'server', srpId: srp.srpId }
  return { key, pin: ok.pin, srp, toPin, toServer, device, server }
}

/** Each puts the other on its list; resolves when the relay has both. */
export async function listEachOther(world: RelayWorld, { pin, srp, device, server }: Pair): Promise<void> {
  device.say({ type: 'dev_peers', srpIds: [srp.srpId] })
  server.say({ type: 'srp_serve', pins: [pin] })
  await until(async () => {
    const ask = { sender: pin, mid: newMid(), pin, srpId: srp.srpId, toDevice: false, txnPrefix: null }
    const [rows] = await world.store.relay.findSendRows([ask], world.clock.nowMs())
    return rows?.deviceLists === true && rows.serverLists
  }, 'the lists')
}

/** Has the handheld's request mailed and returns the token in the mail. */
export async function mailedToken(
  world: RelayWorld,
  device: RawEnd,
  lifeSeconds = 3_600,
): Promise<Destination> {
  const request = makeRequest(world, { lifeSeconds })
  device.say({ type: 'mail_ask', body: request.bytes })
  assert.equal((await device.next('mail_done')).status, 0)
  const mail = world.sink.mails.find(({ raw }) => raw.includes(request.txn))
  return { kind: 'token', token: openMail(mail).routeToken }
}
