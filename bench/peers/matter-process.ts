/**
 * matter.js: a controller commissions an on/off light, over UDP on loopback, in a process of its own. The device's
 * address is given to the controller, so that no search by mDNS is counted. Each message "commission" is answered
 * with how many milliseconds it took, after the light has been taken out of the fabric again.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Endpoint, Environment, Logger, LogLevel, ServerNode } from '@matter/main'
import { OnOffLightDevice } from '@matter/main/devices/on-off-light'
import { ControllerBehavior } from '@matter/main/node'
import { sayReady } from '../support/helper.ts'

const passcode = 20_202_021
const discriminator = 3_840

// Its log would cost it time.
Logger.level = LogLevel.FATAL
Environment.default.vars.set('storage.path', mkdtempSync(join(tmpdir(), 'postkey-bench-matter-')))

const device = await ServerNode.create({
  id: 'device',
  network: { port: 0 },
  commissioning: { passcode, discriminator },
})
await device.add(new Endpoint(OnOffLightDevice, { id: 'light' }))
await device.start()

const controller = await ServerNode.create(ServerNode.RootEndpoint.with(ControllerBehavior), {
  id: 'controller',
  network: { port: 0 },
  controller: { adminFabricLabel: 'bench' },
  commissioning: { enabled: false },
})
await controller.start()

async function commission(): Promise<number> {
  const port = device.state.network.operationalPort
  const begunMs = performance.now()
  const node = await controller.peers.forDescriptor({ addresses: [{ type: 'udp', ip: '::1', port }] })
  await node.commission({ passcode })
  const elapsedMs = performance.now() - begunMs
  if (!device.state.commissioning.commissioned) throw new Error('the light was not commissioned')
  const ready = new Promise<void>((resolve) => device.lifecycle.online.once(() => resolve()))
  await node.decommission()
  await ready
  return elapsedMs
}

process.on('message', async () => process.send?.(await commission()))
sayReady('matter.js')
