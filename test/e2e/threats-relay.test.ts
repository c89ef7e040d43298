/** A relay that is not to be trusted: it may deny service, and never bring about a wrong completion. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { decodePayload } from '#protocol/payload.ts'
import { hurriedClock } from '../support/e2e-clock.ts'
import { connectAs } from '../support/e2e-device.ts'
import { assertActivates, sameHandheld } from '../support/e2e-handheld.ts'
import { chance, hostileRelay, type Lies, type Manner } from '../support/e2e-hostile-relay.ts'
import { carries, tapRelay } from '../support/e2e-wire.ts'
import { type Cases, testCases, type World } from '../support/e2e-world.ts'
import { activate, goodScreens, screensOf } from '../support/postkey.ts'

const seeds = Array.from({ length: 8 }, (_, i) => i + 1)
/** How long each is waited for, and on what clock: a handheld that is lied to has to ask again and again. */
const patience = { slow: { ms: 50_000, speed: 1 }, harsh: { ms: 8_000, speed: 10 } } as const

/** Whether the server holds this handheld for this user, with everything applied. */
async function isHeld({ admin }: World, address: string, pin: string | null): Promise<boolean> {
  const held = (await admin.handhelds.list()).find((one) => one.user === address)
  return held?.pin === pin && held.state === 'active' && held.policy.applied > 0
}

async function throughLies(
  world: World,
  seed: number,
  manner: Manner,
  t: TestContext,
): Promise<'complete' | 'ended' | 'waits'> {
  const { postkey } = world
  const address = `lied-to-${manner}-${seed}@example.test`
  const password = await world.user(address)
  const lies: Lies = { dropped: 0, doubled: 0, delayed: 0, changed: 0, forged: 0, judged: 0 }
  const left = new AbortController()
  let leftAtMs = 0
  // Counted from when the first frame comes by: a busy machine may take its time until then.
  const watch = setInterval(() => {
    if (lies.judged > 0 && leftAtMs === 0) leftAtMs = Date.now() + patience[manner].ms
    if (leftAtMs > 0 && Date.now() > leftAtMs) left.abort()
  }, 50)
  watch.unref()
  const storage = sameHandheld()
  const outcome = await activate(postkey, address, password, {
    storage,
    clock: hurriedClock(patience[manner].speed),
    dial: hostileRelay(postkey, chance(seed), lies, manner),
    signal: left.signal,
  })
  clearInterval(watch)
  assert.ok(lies.judged > 0, `seed ${seed}: no frame came by`)
  t.diagnostic(`seed ${seed}: ${outcome.text} ${JSON.stringify(lies)}`)
  if (outcome.code === 0) {
    assert.deepEqual(
      screensOf(outcome).filter((text) => goodScreens(address).includes(text)),
      goodScreens(address),
    )
    assert.ok(
      await isHeld(world, address, outcome.pin),
      `seed ${seed}: complete, and the server does not know`,
    )
    return 'complete'
  }
  const { account } = storage.newest().state
  assert.ok(!account?.complete, `seed ${seed}: an account is complete, and nothing was shown`)
  assert.ok(outcome.code === 'interrupted' || outcome.text.length > 10, `seed ${seed}: ended without a word`)
  return outcome.code === 'interrupted' ? 'waits' : 'ended'
}

const together: Cases = {
  'dishonest relay: what it drops, doubles, changes and makes up never completes wrongly': async (
    world,
    t,
  ) => {
    const ends = await Promise.all(seeds.map((seed) => throughLies(world, seed, 'harsh', t)))
    const count = (end: string) => ends.filter((one) => one === end).length
    t.diagnostic(`${count('complete')} complete, ${count('ended')} ended with a code, ${count('waits')} wait`)
    assert.equal(ends.length, seeds.length)
  },

  'dishonest relay: what it only doubles, holds up and puts in another order completes': async (world, t) => {
    const ends = await Promise.all([1, 2, 3].map((seed) => throughLies(world, seed, 'slow', t)))
    assert.deepEqual(ends, ['complete', 'complete', 'complete'])
  },

  "dishonest relay: a proof stamped with another handheld's PIN changes nothing for the right one": async (
    world,
    t,
  ) => {
    const { postkey, admin } = world
    const other = sameHandheld()
    await assertActivates(postkey, 'other-pin@example.test', await world.user('other-pin@example.test'), {
      storage: other,
    })
    const address = 'stamped@example.test'
    const password = await world.user(address)
    const wire = tapRelay(postkey)
    const proof = wire.hold('sent', carries('m3'))
    const running = activate(postkey, address, password, { dial: wire.dial })
    const stolen = await proof.caught
    assert(stolen.type === 'send')
    const thief = await connectAs(t, postkey, other.newest())
    await thief.send(stolen.payload)
    await thief.settle()
    const told = thief.delivered.flatMap(({ payload }) => {
      const decoded = decodePayload(payload)
      return decoded.ok && decoded.value.kind === 'error' ? [decoded.value.bytes] : []
    })
    assert.equal(told.length, 1, 'the thief is told E03')
    assert.equal((await admin.users.show(address)).password?.wrongTries, 0)
    proof.release()
    assert.equal((await running).code, 0)
  },

  'dishonest relay: all that passes it holds neither the password nor a key': async (world) => {
    const { postkey } = world
    const address = 'read-along@example.test'
    const password = await world.user(address)
    const wire = tapRelay(postkey)
    const storage = sameHandheld()
    await assertActivates(postkey, address, password, { storage, dial: wire.dial })
    const masterKey = storage.newest().state.account?.link.masterKey
    assert(masterKey)
    const passed = [...wire.sent, ...wire.received].flatMap((frame) =>
      'payload' in frame ? [frame.payload] : [],
    )
    assert.ok(passed.length >= 8)
    const proving = storage.history.flatMap(({ state }) =>
      state.run?.stage === 'proving' ? [state.run] : [],
    )[0]
    assert(proving)
    const typed = Buffer.from(password.replaceAll('-', ''))
    for (const payload of passed)
      for (const secret of [masterKey, proving.s2d, typed] as readonly Uint8Array[])
        assert.ok(!Buffer.from(payload).includes(Buffer.from(secret)))
  },
}

testCases('a hostile relay', together, {})
