/** What people have always suffered with such systems, each made for real: the complaint is the test's name. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import type { QueueItemView } from '#admin/policy/views.ts'
import { ackStatus } from '#protocol/ack.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import type { ItemState } from '#store/queue.ts'
import { command, explain } from '../support/e2e-cli.ts'
import { connectAs, type Device } from '../support/e2e-device.ts'
import { assertActivates, sameHandheld } from '../support/e2e-handheld.ts'
import { packetOf } from '../support/e2e-wire.ts'
import { type Cases, eventually, testCases, type World } from '../support/e2e-world.ts'

interface AtWork {
  readonly pin: string
  readonly device: Device
}

/** A handheld whose activation is complete; from there on the test answers in its name. */
async function atWork(world: World, t: Parameters<Cases[string]>[1], address: string): Promise<AtWork> {
  const storage = sameHandheld()
  const { pin } = await assertActivates(world.postkey, address, await world.user(address), { storage })
  assert(pin)
  return { pin, device: await connectAs(t, world.postkey, storage.newest()) }
}

const openItems = ({ admin }: World, pin: string): Promise<QueueItemView[]> => admin.queue.list({ of: pin })

/** Waits until the newest item of the handheld stands so. */
async function untilItem(world: World, pin: string, state: ItemState): Promise<QueueItemView> {
  let found: QueueItemView | undefined
  await eventually(async () => {
    found = (await world.admin.queue.list({ of: pin, all: true }))[0]
    return found?.state === state
  }, `the item is ${state}`)
  assert(found)
  return found
}

const policies = ({ delivered }: Device) =>
  delivered.filter((frame) => packetOf(frame)?.contentType === contentTypes.itAdmin)

/** Gives the user a policy of their own. */
async function newPolicy({ admin }: World, address: string, rule = 'password_min_length', value = '9') {
  const name = address.split('@')[0] ?? address
  await admin.policies.create(name)
  await admin.policies.change(name, { [rule]: value })
  await admin.policies.assign(name, { user: address })
  return name
}

const complaints: Cases = {
  '1: a device is stuck, the log may know why, the screen does not': async (world, t) => {
    const address = 'stuck@example.test'
    const { pin, device } = await atWork(world, t, address)
    await newPolicy(world, address)
    await untilItem(world, pin, 'out')
    await device.acknowledge(contentTypes.itAdmin, ackStatus.refusedSignature)
    const refused = await untilItem(world, pin, 'refused')
    assert.deepEqual([refused.code, refused.turn], ['policy.refused', 'administrator'])
    const { out } = await command(world.postkey, 'queue', 'list', '--of', address)
    assert.match(out, /policy +refused/)
    const { out: shown } = await command(world.postkey, 'queue', 'show', String(refused.id))
    assert.match(shown, /signature or signer did not\s+verify/)
    assert.match(shown, /next +\S/)
    const preview = await command(world.postkey, 'policy', 'preview', pin, 'password_min_length')
    assert.match(preview.out, /signature or signer did not\s+verify/)
  },

  '2: nobody can tell what came when': async (world, t) => {
    const address = 'when@example.test'
    const { pin, device } = await atWork(world, t, address)
    const item = await world.admin.handhelds.setOwner(pin, 'Acme')
    await eventually(async () => policies(device).length > 0, 'the command is there')
    const out = await world.admin.queue.show(item.id)
    assert(out.queuedAtMs <= out.sinceMs && out.copies === 1 && out.number !== null)
    await device.acknowledge(contentTypes.itAdmin, ackStatus.applied)
    const done = await untilItem(world, pin, 'done')
    assert(done.sinceMs >= out.sinceMs)
    const { timeline } = await explain(world.postkey, address)
    assert.deepEqual(
      timeline.map(({ atMs }) => atMs),
      timeline.map(({ atMs }) => atMs).toSorted((one, other) => one - other),
      'the hops are in order',
    )
  },

  '3: the retry is disabled, useless, or poisoned by old state': async (world, t) => {
    const address = 'retry@example.test'
    const storage = sameHandheld()
    const options = { storage }
    const { pin } = await assertActivates(world.postkey, address, await world.user(address), options)
    assert(pin)
    const device = await connectAs(t, world.postkey, storage.newest())
    const lock = await world.admin.handhelds.lock(pin, { password: 'never arrives' })
    await eventually(async () => policies(device).length === 1, 'the lock is there')
    assert.equal((await world.admin.queue.resend(lock.id)).state, 'waiting')
    await eventually(async () => policies(device).length === 2, 'the lock is there again, sealed anew')
    await untilItem(world, pin, 'out')
    await device.acknowledge(contentTypes.itAdmin, ackStatus.refusedForm)
    await untilItem(world, pin, 'refused')
    const owner = await world.admin.handhelds.setOwner(pin, 'Acme')
    assert.equal((await world.admin.queue.cancel(owner.id)).state, 'cancelled')
    await world.admin.handhelds.setOwner(pin, 'half done')
    // The handheld starts again from its own disk, and takes the place of the test at the relay.
    await assertActivates(world.postkey, address, await world.newPassword(address), options)
    assert.deepEqual(await openItems(world, pin), [], 'a new activation begins with an empty queue')
    assert.equal(storage.newest().state.account?.ownerText ?? null, null, 'nothing of before reached it')
  },

  '4: delivered but not acknowledged is shown as failure for ever': async (world, t) => {
    const address = 'lost-ack@example.test'
    const { pin, device } = await atWork(world, t, address)
    await newPolicy(world, address)
    await eventually(async () => policies(device).length === 1, 'the policy is there')
    // The answer is lost: nothing is said. Whatever the handheld says next brings the same bytes again.
    const late = await untilItem(world, pin, 'out')
    assert.equal(late.code, 'policy.not_acknowledged')
    await setTimeout(16_000)
    await device.settle()
    await eventually(async () => policies(device).length === 2, 'the policy is there again')
    const [first, second] = policies(device)
    assert.deepEqual(first?.payload, second?.payload, 'the same bytes')
    await device.acknowledge(contentTypes.itAdmin, ackStatus.applied)
    await untilItem(world, pin, 'done')
    const [account] = (await world.admin.handhelds.list()).filter((one) => one.pin === pin)
    assert.equal(account?.policy.applied, account?.policy.sent)
  },

  '5: one bad entry blocks everything behind it': async (world, t) => {
    const address = 'poison@example.test'
    const { pin, device } = await atWork(world, t, address)
    const { admin, postkey } = world
    // Two wait behind a first one, which the handheld has not answered: the second is then damaged on the disk.
    await admin.handhelds.setOwner(pin, 'first')
    await untilItem(world, pin, 'out')
    const bad = await admin.handhelds.setOwner(pin, 'damaged')
    const good = await admin.handhelds.setOwner(pin, 'good')
    const db = new Sqlite(join(postkey.data, 'postkey.db'), { timeout: 10_000 })
    db.prepare("UPDATE queue_item SET sealed = x'00' WHERE id = ?").run(bad.id)
    db.close()
    await device.acknowledge(contentTypes.itAdmin, ackStatus.applied)
    // Five tries, with pauses of 1, 2, 4 and 8 seconds between them.
    for (let left = 300; (await admin.queue.show(bad.id)).state !== 'set_aside'; left -= 1) {
      assert(left > 0, 'it is set aside in the end')
      await setTimeout(100)
    }
    const aside = await admin.queue.show(bad.id)
    assert.deepEqual([aside.code, aside.turn], ['storage_key.wrong', 'administrator'])
    await eventually(async () => (await admin.queue.show(good.id)).state === 'out', 'the next one goes')
    await device.acknowledge(contentTypes.itAdmin, ackStatus.applied)
    await eventually(async () => (await admin.queue.show(good.id)).state === 'done', 'and arrives')
  },
}

testCases('the complaints of those who came before', complaints, {})
