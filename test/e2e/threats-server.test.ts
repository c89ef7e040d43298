/** Another server at the relay that can read the mailbox: what it can do to one try, and what it cannot. */
import assert from 'node:assert/strict'
import { documentedText, explain, untilExplained } from '../support/e2e-cli.ts'
import { hurriedClock } from '../support/e2e-clock.ts'
import { activateUntil, assertActivates, sameHandheld } from '../support/e2e-handheld.ts'
import { readMail, startRogue } from '../support/e2e-rogue.ts'
import { heldDomain } from '../support/e2e-site.ts'
import { type Cases, testCases } from '../support/e2e-world.ts'
import { activate, screensOf } from '../support/postkey.ts'

const together: Cases = {
  'another server at the relay that sees the mailbox: its M2 first costs one try, ends in E12 and is named':
    async (world, t) => {
      const { postkey, site, admin } = world
      const address = `raced@${heldDomain}`
      const password = await world.user(address)
      const rogue = await startRogue(t, world, 'S00000066', [heldDomain])
      const mail = site.hold(address)
      const storage = sameHandheld()
      const running = activate(postkey, address, password, { storage })
      const taken = await mail.caught
      assert.equal(await rogue.answer(taken), 0)
      const pin = await rogue.proof()
      assert.equal(await rogue.confirm(pin, readMail(taken).txn), 0)
      const outcome = await running
      assert.equal(outcome.text, documentedText(12))
      assert.equal(storage.newest().state.account, null)

      // The mail comes to the right server as well: its answer is refused by the relay, and it says why.
      await mail.release()
      await untilExplained(postkey, address, 'request.taken', 'administrator')
      assert.equal((await admin.users.show(address)).password?.wrongTries, 0)
      await assertActivates(postkey, address, password, { storage })
    },

  'another server at the relay that sees the mailbox: after its silence the handheld says E22 and never a second proof':
    async (world, t) => {
      const { postkey, site } = world
      const address = `silenced@${heldDomain}`
      const password = await world.user(address)
      const rogue = await startRogue(t, world, 'S00000067', [heldDomain])
      const mail = site.hold(address)
      const running = activateUntil(postkey, address, password, 22, { clock: hurriedClock(20) })
      assert.equal(await rogue.answer(await mail.caught), 0)
      await rogue.proof()
      await mail.release()
      // On a hurried clock a busy machine is soon off the air; that is not what is looked for here.
      const texts = screensOf(await running).filter((text) => text !== documentedText(1))
      assert.deepEqual(texts.slice(0, 2), ['Activating', 'Verifying Encryption'])
      assert.ok(!texts.includes('Encryption Verified. Waiting for Services.'))
      await assertActivates(postkey, address, password)
    },

  'another server at the relay that sees the mailbox: where its operator does not allow the domain it is barred':
    async (world, t) => {
      const { postkey, site } = world
      const address = `barred@${heldDomain}`
      const password = await world.user(address)
      const rogue = await startRogue(t, world, 'S00000068', ['elsewhere.test'])
      const mail = site.hold(address)
      const running = activate(postkey, address, password)
      const taken = await mail.caught
      assert.equal(await rogue.answer(taken), 3)
      assert.equal(await rogue.refuse(taken, 5), 3)
      await mail.release()
      assert.equal((await running).code, 0)
    },

  'server that does not know the user: its E05 before the right answer ends nothing': async (world, t) => {
    const { postkey, site } = world
    const address = `unknown-there@${heldDomain}`
    const password = await world.user(address)
    const rogue = await startRogue(t, world, 'S00000069', [heldDomain])
    const mail = site.hold(address)
    const running = activate(postkey, address, password)
    assert.equal(await rogue.refuse(await mail.caught, 5), 0)
    await mail.release()
    const outcome = await running
    assert.equal(outcome.code, 0)
    assert.equal((await explain(postkey, address)).explanation.code, null)
  },
}

testCases('a hostile second server at the relay', together, {})
