/** Registered handhelds as attackers: guessing by one PIN and by many, handhelds nobody wants, and floods. */
import assert from 'node:assert/strict'
import { assertCause, command, documentedText, explain } from '../support/e2e-cli.ts'
import { activateUntil, assertActivates, sameHandheld } from '../support/e2e-handheld.ts'
import { type Cases, eventually, testCases, type World, wrongPassword } from '../support/e2e-world.ts'
import { activate, goodScreens, screensOf } from '../support/postkey.ts'

/** Wrong passwords, each from a handheld of its own. */
async function guess({ postkey }: World, address: string, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    const outcome = await activate(postkey, address, wrongPassword)
    assert.equal(outcome.code, 10)
  }
}

const together: Cases = {
  'many registered handhelds: ten wrong tries guard a typed password, and an approval lets the right one in':
    async (world) => {
      const { postkey, admin } = world
      const address = 'guarded@example.test'
      await admin.users.add({ address })
      await admin.passwords.set(address, 'correct horse battery')
      await guess(world, address, 10)
      assert.equal((await admin.users.show(address)).password?.guarded, true)

      const storage = sameHandheld()
      const waiting = activate(postkey, address, 'correct horse battery', { storage })
      await eventually(
        async () => (await explain(postkey, address)).explanation.code === 'proof.guarded',
        'the proof waits for an approval',
      )
      const { guard, explanation } = await explain(postkey, address)
      assert.equal(explanation.turn, 'administrator')
      assert.equal(guard?.wrongTries, 10)
      assert.equal(guard?.seen.length, 11)
      const [newest, ...others] = guard?.seen ?? []
      assert(newest?.waiting && !newest.approved)
      assert(others.every((one) => !one.waiting && one.wrongTries === 1))
      const shown = await command(postkey, 'user', 'show', address)
      assert.match(shown.out, new RegExp(`${newest.pin} .* waits for an approval`))

      const approved = await command(postkey, 'activation', 'approve', address, newest.pin)
      assert.equal(
        approved.out,
        `Handheld ${newest.pin} may activate for ${address}; its proof is judged now.\n`,
      )
      // Once it is let in, what waits is the proof again, as before.
      const [activating, verifying, ...rest] = goodScreens(address)
      assert.deepEqual(screensOf(await waiting), [
        activating,
        verifying,
        documentedText(15),
        verifying,
        ...rest,
      ])
    },

  'many registered handhelds: a new password resets the guard': async (world) => {
    const { postkey, admin } = world
    const address = 'guard-reset@example.test'
    await admin.users.add({ address })
    await admin.passwords.set(address, 'correct horse battery')
    await guess(world, address, 10)
    await activateUntil(postkey, address, 'correct horse battery', 15)
    const password = await world.newPassword(address)
    assert.equal((await admin.users.show(address)).guard, null)
    await assertActivates(postkey, address, password)
  },

  'thief of a handheld: its PIN on the access list is told so, at the price of no try': async (world) => {
    const { postkey, admin } = world
    const address = 'denied-pin@example.test'
    const storage = sameHandheld()
    await assertActivates(postkey, address, await world.user(address), { storage })
    const { pin } = storage.newest().state.device
    assert(pin)
    assert.equal((await command(postkey, 'access', 'deny', pin)).code, 0)
    const password = await world.newPassword(address)
    for (const typed of [wrongPassword, password]) {
      const outcome = await activate(postkey, address, typed, { storage })
      await assertCause(postkey, outcome, { e: 16, code: 'proof.not_allowed' })
    }
    assert.equal((await admin.users.show(address)).password?.wrongTries, 0)
    assert.equal((await command(postkey, 'access', 'remove', pin)).code, 0)
    await assertActivates(postkey, address, password, { storage })
  },

  'a model on the access list is told so after its proof, and the password stays good for another': async (
    world,
  ) => {
    const { postkey, admin } = world
    const address = 'denied-model@example.test'
    const password = await world.user(address)
    await admin.access.deny('acme gadget 7')
    const outcome = await activate(postkey, address, password, { device: { model: 'Acme Gadget 7' } })
    await assertCause(postkey, outcome, { e: 16, code: 'proof.not_allowed' })
    assert.equal((await admin.users.show(address)).password?.state, 'open')
    await assertActivates(postkey, address, password, { device: { model: 'Acme Gadget 70' } })
  },
}

testCases('handhelds that should not get in do not, and the right one does', together, {})
