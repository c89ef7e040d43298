/** What can go wrong between relay and handheld, each made for real: `activation explain` names it. */
import assert from 'node:assert/strict'
import { parseSrpId } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'
import { ackStatus, encodeNamesLeftOut } from '#protocol/ack.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { explain, untilExplained } from '../support/e2e-cli.ts'
import { connectAs, type Device } from '../support/e2e-device.ts'
import { assertActivates, press, sameHandheld } from '../support/e2e-handheld.ts'
import { serverEnd } from '../support/e2e-relay-end.ts'
import { packetOf, tapRelay } from '../support/e2e-wire.ts'
import { type Cases, eventually, minute, testCases, type World } from '../support/e2e-world.ts'
import { activate } from '../support/postkey.ts'

const isOf = (contentType: number) => (frame: Parameters<typeof packetOf>[0]) =>
  packetOf(frame)?.contentType === contentType

/** A handheld up to its IT policy, which it never sees; from there on the test answers in its name. */
async function upToPolicy(world: World, t: Parameters<Cases[string]>[1], address: string): Promise<Device> {
  const { postkey } = world
  const storage = sameHandheld()
  const wire = tapRelay(postkey)
  const policy = wire.hold('received', isOf(contentTypes.itAdmin))
  const left = new AbortController()
  const running = activate(postkey, address, await world.user(address), {
    storage,
    dial: wire.dial,
    signal: left.signal,
  })
  await policy.caught
  left.abort()
  await running
  return connectAs(t, postkey, storage.newest())
}

const together: Cases = {
  'a policy that the handheld refuses is named': async (world, t) => {
    const address = 'refuses@example.test'
    const device = await upToPolicy(world, t, address)
    await device.acknowledge(contentTypes.itAdmin, ackStatus.refusedSignature)
    await untilExplained(world.postkey, address, 'policy.refused', 'administrator')
  },

  'a policy bound to another domain is named': async (world, t) => {
    const address = 'elsewhere@example.test'
    const device = await upToPolicy(world, t, address)
    await device.acknowledge(contentTypes.itAdmin, ackStatus.refusedAddressee)
    await untilExplained(world.postkey, address, 'policy.other_domain', 'administrator')
  },

  'a service book that the handheld did not take is named': async (world, t) => {
    const address = 'missing@example.test'
    const device = await upToPolicy(world, t, address)
    await device.acknowledge(contentTypes.itAdmin, ackStatus.applied)
    const left = encodeNamesLeftOut(['S00000001-CICAL'])
    await device.acknowledge(contentTypes.serviceBook, ackStatus.appliedInPart, left)
    const { explanation } = await untilExplained(world.postkey, address, 'books.left_out', 'administrator')
    assert.match(explanation.says, /\(S00000001-CICAL\)$/)
  },

  'a handheld that another user has activated since is named': async (world) => {
    const { postkey } = world
    const storage = sameHandheld()
    const first = 'first-owner@example.test'
    const second = 'second-owner@example.test'
    await assertActivates(postkey, first, await world.user(first), { storage })
    // It asks before it leaves the first account.
    const onAsk = async () => true
    await assertActivates(postkey, second, await world.user(second), { storage, onAsk })
    await untilExplained(postkey, first, 'handheld.other_user', 'user')
    assert.equal((await explain(postkey, second)).explanation.code, null)
  },
}

const inTurn: Cases = {
  'a handheld off the air is named, with the answer that waits for it': async (world) => {
    const { postkey } = world
    const address = 'off-air@example.test'
    await press(postkey, address, await world.user(address))
    await eventually(
      async () => (await explain(postkey, address)).activation?.stage === 'verifying_encryption',
      'the relay has the answer',
    )
    postkey.setClock(3 * minute)
    const { timeline } = await untilExplained(postkey, address, 'handheld.off_air', 'handheld')
    assert.equal(timeline.at(-1)?.name, "relay holds the server's answer (M2)")
  },

  'a policy that is not acknowledged is named, and goes on when it is': async (world) => {
    const { postkey } = world
    const address = 'silent@example.test'
    const wire = tapRelay(postkey)
    const ack = wire.hold('sent', isOf(contentTypes.ack))
    const running = activate(postkey, address, await world.user(address), { dial: wire.dial })
    await ack.caught
    postkey.setClock(3 * minute)
    await untilExplained(postkey, address, 'policy.not_acknowledged', 'handheld')
    postkey.setClock(0)
    ack.release()
    assert.equal((await running).code, 0)
  },

  'an SRP id that is in use twice is named': async (world, t) => {
    const { postkey } = world
    const address = 'twice@example.test'
    const password = await world.user(address)
    const copy = await copiedKey(world)
    await copy.connect(t)
    await untilLinkIs(world, 'relay.displaced')
    await press(postkey, address, password)
    await untilExplained(postkey, address, 'relay.displaced', 'administrator')
  },
}

/** The server's name at the relay gets another key, of which the test has a copy. */
async function copiedKey({ postkey, admin }: World) {
  const srpId = parseSrpId('S00000001')
  assert(srpId)
  const { srpKey } = await admin.srp.add(srpId, ['example.test'], { replace: true })
  return { connect: (t: Parameters<Cases[string]>[1]) => serverEnd(t, postkey, srpId, srpKey) }
}

const untilLinkIs = ({ admin }: World, code: FaultCode): Promise<void> =>
  eventually(
    async () => (await admin.status()).checks.some((check) => check.code === code),
    `the server's line to the relay ended with ${code}`,
  )

testCases('what goes wrong between relay and handheld is named', together, inTurn)
