/** What comes twice is done once, and every repeat of an answer has the same bytes. */
import assert from 'node:assert/strict'
import { systemRandom } from '#edge/system.ts'
import { fromHex, toHex } from '#kernel/bytes.ts'
import { faultRow } from '#kernel/fault.ts'
import { decodeErrorMessage } from '#protocol/exchange.ts'
import { mailDoneStatus } from '#protocol/mail-done.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { decodePayload, encodePayload } from '#protocol/payload.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import { explain } from '../support/e2e-cli.ts'
import { connectAs } from '../support/e2e-device.ts'
import { assertActivates, sameHandheld } from '../support/e2e-handheld.ts'
import { heldDomain, type SiteMail } from '../support/e2e-site.ts'
import { carries, distinct, isKeyCheck, kindOf, packetOf, tapRelay } from '../support/e2e-wire.ts'
import { type Cases, eventually, minute, testCases, type World } from '../support/e2e-world.ts'
import { activate, goodScreens, screensOf } from '../support/postkey.ts'

/** Puts the mail into the mailbox once more; resolves when the agent has taken it and put it away. */
async function deliverAgain({ site, postkey }: World, mail: SiteMail, uid: number): Promise<void> {
  await site.deliver(mail)
  await postkey.process.waitFor(
    new RegExp(`(?=.*"mailbox":"${mail.to}[/"])(?=.*"uid":${uid},).*mail was removed`),
  )
}

function mailTo({ site }: World, address: string): SiteMail {
  const mail = site.mails.find(({ to }) => to === address)
  assert(mail, 'the relay mailed')
  return mail
}

/** A handheld is through when its last answer lies at the relay: the server has it a moment later. */
const through = ({ admin }: World, address: string): Promise<void> =>
  eventually(async () => {
    const [newest] = await admin.activations.list({ of: address, limit: 1 })
    return newest?.stage === 'activation_complete'
  }, `the server calls the activation of ${address} complete`)

/** One activation, one handheld, and what it was sent: as it stands for this user. */
async function standing(world: World, address: string) {
  const { admin } = world
  await through(world, address)
  const activations = await admin.activations.list({ of: address })
  const handhelds = (await admin.handhelds.list()).filter(({ user }) => user === address)
  for (const { pin } of handhelds)
    await eventually(async () => (await admin.handhelds.show(pin)).waiting === 0, 'nothing is on its way')
  return {
    activations: activations.map(({ id, stage, code }) => ({ id, stage, code })),
    handhelds: handhelds.map(({ pin, policy, books, state }) => ({ pin, policy, books, state })),
    wrongTries: (await admin.users.show(address)).password?.wrongTries,
  }
}

const payloadsOf = (frames: readonly Frame[], fits: (frame: Frame) => boolean): string[] =>
  distinct(frames.filter(fits))

const together: Cases = {
  'a handheld that says everything four times is answered with the same bytes, and nothing happens twice':
    async (world) => {
      const { postkey } = world
      const address = 'stutter@example.test'
      const password = await world.user(address)
      const wire = tapRelay(postkey)
      wire.stutter(3)
      const outcome = await activate(postkey, address, password, { dial: wire.dial })
      assert.deepEqual(screensOf(outcome), goodScreens(address))
      const { activations, handhelds } = await standing(world, address)
      assert.equal(activations.length, 1)
      assert.equal(handhelds.length, 1)
      for (const kind of ['m2', 'm4'] as const)
        assert.equal(payloadsOf(wire.received, carries(kind)).length, 1, `${kind} has one form`)
      assert.equal(payloadsOf(wire.received, isKeyCheck).length, 1)
      for (const type of [contentTypes.itAdmin, contentTypes.serviceBook])
        assert.equal(payloadsOf(wire.received, (frame) => packetOf(frame)?.contentType === type).length, 1)
      const [handheld] = handhelds
      assert.ok(handheld && handheld.policy.sent > 0)
      assert.equal(handheld.policy.applied, handheld.policy.sent)
      assert.ok(handheld.books.sent > handheld.policy.sent)
      assert.equal(handheld.books.applied, handheld.books.sent)
    },

  'a proof that comes again before the key check is answered with the same proof and key check': async (
    world,
  ) => {
    const { postkey } = world
    const address = 'proof@example.test'
    const password = await world.user(address)
    const wire = tapRelay(postkey)
    const answers = wire.hold('received', (frame) => carries('m4')(frame) || isKeyCheck(frame))
    const running = activate(postkey, address, password, { dial: wire.dial })
    await wire.find('received', isKeyCheck)
    const [proof] = await wire.find('sent', carries('m3'))
    assert(proof?.type === 'send')
    wire.say({ ...proof, mid: systemRandom.bytes(16) })
    assert.equal(distinct(await wire.find('received', carries('m4'), 2)).length, 1)
    assert.equal(distinct(await wire.find('received', isKeyCheck, 2)).length, 1)
    answers.release()
    assert.deepEqual(screensOf(await running), goodScreens(address))
    assert.equal((await standing(world, address)).handhelds.length, 1)
  },

  'frames of a finished activation that come again change nothing': async (world, t) => {
    const { postkey } = world
    const address = `again@${heldDomain}`
    const password = await world.user(address)
    const storage = sameHandheld()
    const wire = tapRelay(postkey)
    await assertActivates(postkey, address, password, { storage, dial: wire.dial })
    const before = await standing(world, address)
    const spoken = wire.sent.filter((frame) => frame.type === 'send')
    const [request] = wire.sent.filter((frame) => frame.type === 'mail_ask')
    assert.deepEqual(spoken.map((frame) => kindOf(frame)).slice(0, 2), ['m3', 'packet'])
    assert(request)

    const device = await connectAs(t, postkey, storage.newest())
    assert.equal(await device.ask(request.body), mailDoneStatus.mailedBefore)
    await deliverAgain(world, mailTo(world, address), 2)
    for (const { payload } of spoken) assert.ok((await device.send(payload)) <= 1)
    await device.settle()
    const known = new Set(distinct(wire.received))
    const fresh = device.delivered.filter(({ payload }) => !known.has(toHex(payload)))
    const types = fresh.map((frame) => packetOf(frame)?.contentType)
    assert.deepEqual(types, [contentTypes.ack], 'only the last packet was news to the server')
    assert.deepEqual(await standing(world, address), before)
  },

  'another proof under a judged transaction is refused and changes nothing': async (world, t) => {
    const { postkey } = world
    const address = 'second@example.test'
    const password = await world.user(address)
    const storage = sameHandheld()
    const wire = tapRelay(postkey)
    await assertActivates(postkey, address, password, { storage, dial: wire.dial })
    const before = await standing(world, address)
    const proof = wire.sent.find(carries('m3'))
    assert(proof?.type === 'send')
    const device = await connectAs(t, postkey, storage.newest())
    await device.send(altered(proof.payload))
    await device.send(altered(proof.payload))
    await device.settle()
    const errors = device.delivered.filter(carries('error'))
    assert.equal(distinct(errors).length, 1)
    assert.deepEqual(await standing(world, address), before)
    assert.equal((await explain(postkey, address)).activation?.code, null)
  },

  'a proof that another handheld says after is refused to that one, and the right one goes on': async (
    world,
    t,
  ) => {
    const { postkey } = world
    const storage = sameHandheld()
    await assertActivates(postkey, 'parrot@example.test', await world.user('parrot@example.test'), {
      storage,
    })
    const parrot = await connectAs(t, postkey, storage.newest())
    const address = 'owner@example.test'
    const password = await world.user(address)
    const wire = tapRelay(postkey)
    const proof = wire.hold('sent', carries('m3'))
    const running = activate(postkey, address, password, { dial: wire.dial })
    const said = await proof.caught
    assert(said.type === 'send')
    await parrot.send(said.payload)
    await parrot.settle()
    const [error, ...more] = parrot.delivered.filter(carries('error'))
    assert.deepEqual(more, [])
    assert.equal(errorIn(error), faultRow('proof.wrong_handheld').e)
    proof.release()
    assert.deepEqual(screensOf(await running), goodScreens(address))
    assert.equal((await standing(world, address)).wrongTries, 0)
  },

  'a packet that comes twice is answered twice with the same status': async (world, t) => {
    const { postkey } = world
    const address = 'packet@example.test'
    const storage = sameHandheld()
    await assertActivates(postkey, address, await world.user(address), { storage })
    const device = await connectAs(t, postkey, storage.newest())
    const { seq, payload } = device.seal()
    await device.send(payload)
    const [status] = await device.answers(seq, 1)
    await device.send(payload)
    assert.deepEqual(await device.answers(seq, 2), [status, status])
    const acks = device.delivered.filter(carries('packet'))
    assert.equal(distinct(acks).length, acks.length, 'each answer is a packet of its own')
  },
}

const inTurn: Cases = {
  'the same mail again while the proof is waited for makes one activation, and its answer has the same bytes':
    async (world) => {
      const { postkey, admin } = world
      const address = `twice@${heldDomain}`
      const password = await world.user(address)
      const wire = tapRelay(postkey)
      const proof = wire.hold('sent', carries('m3'))
      const running = activate(postkey, address, password, { dial: wire.dial })
      await proof.caught
      const mail = mailTo(world, address)
      await deliverAgain(world, mail, 2)
      await deliverAgain(world, mail, 3)
      // A stored answer is repeated once a minute at most.
      postkey.setClock(minute + 1_000)
      await deliverAgain(world, mail, 4)
      await wire.find('received', carries('m2'), 2)
      assert.equal(wire.received.filter(carries('m2')).length, 2, 'one answer, and one repeat a minute later')
      assert.equal(payloadsOf(wire.received, carries('m2')).length, 1)
      assert.equal((await admin.activations.list({ of: address })).length, 1)

      proof.release()
      assert.deepEqual(screensOf(await running), goodScreens(address))
      const before = await standing(world, address)
      postkey.setClock(3 * minute)
      await deliverAgain(world, mail, 5)
      assert.deepEqual(await standing(world, address), before)
      assert.equal(before.activations.length, 1)
      assert.equal(before.handhelds.length, 1)
    },

  'the same mail again after a refusal is answered with the same bytes, and counts as no try': async (
    world,
  ) => {
    const { postkey, admin } = world
    const address = `refused@${heldDomain}`
    await admin.users.add({ address })
    const stop = new AbortController()
    const wire = tapRelay(postkey)
    const running = activate(postkey, address, 'wxyz-wxyz-wxyz', { dial: wire.dial, signal: stop.signal })
    await wire.find('received', carries('error'))
    const mail = mailTo(world, address)
    const password = await world.newPassword(address)
    await deliverAgain(world, mail, 2)
    postkey.setClock(minute + 1_000)
    await deliverAgain(world, mail, 3)
    await wire.find('received', carries('error'), 2)
    stop.abort()
    await running
    assert.equal(wire.received.filter(carries('error')).length, 2)
    assert.equal(payloadsOf(wire.received, carries('error')).length, 1)
    await assertActivates(postkey, address, password)
    assert.equal((await standing(world, address)).wrongTries, 0)
  },
}

function errorIn(frame: Frame | undefined): number | null {
  const payload = frame && 'payload' in frame ? decodePayload(frame.payload) : null
  const error = payload?.ok ? decodeErrorMessage(payload.value.bytes) : null
  return error?.ok ? error.value.code : null
}

/** The last byte of the proof's sealed box is another one: still a proof by its form. */
function altered(payload: Uint8Array): Uint8Array {
  const proof = decodePayload(payload)
  assert(proof.ok)
  const bytes = fromHex(toHex(proof.value.bytes))
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return encodePayload({ kind: 'm3', bytes })
}

testCases('what comes twice is done once', together, inTurn)
