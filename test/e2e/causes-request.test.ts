/** What is wrong with the request or its mail: each has its cause, and the next honest try works. */
import assert from 'node:assert/strict'
import { assertCause, command, documentedText, untilExplained } from '../support/e2e-cli.ts'
import { hurriedClock } from '../support/e2e-clock.ts'
import { activateUntil, assertActivates, sameHandheld } from '../support/e2e-handheld.ts'
import { heldDomain } from '../support/e2e-site.ts'
import { type Cases, minute, testCases, untilBegun } from '../support/e2e-world.ts'
import { activate } from '../support/postkey.ts'

const together: Cases = {
  'an unknown address is refused by the mail server, and the right one works': async (world) => {
    const { postkey } = world
    const address = 'known@example.test'
    const password = await world.user(address)
    const storage = sameHandheld()
    const outcome = await activate(postkey, 'unknown@example.test', password, { storage })
    assert.equal(outcome.code, 2)
    assert.equal(outcome.text, documentedText(2))
    const explained = await command(postkey, 'activation', 'explain', 'unknown@example.test', '-o', 'json')
    assert.match(explained.err, /user\.unknown/)
    await assertActivates(postkey, address, password, { storage })
  },

  'an address that only the mail server knows is told so, and the main one works': async (world) => {
    const { postkey, site } = world
    const address = `main@${heldDomain}`
    site.alias(`nickname@${heldDomain}`, address)
    const password = await world.user(address)
    const outcome = await activateUntil(postkey, `nickname@${heldDomain}`, password, 4)
    await assertCause(postkey, outcome, { e: 4, code: 'grant.alias' })
    await assertActivates(postkey, address, password)
  },

  'a listed alias works as the main address does': async (world) => {
    const { postkey } = world
    const alias = 'short@example.test'
    const password = await world.user('long@example.test', {}, { aliases: [alias] })
    const outcome = await activate(postkey, alias, password)
    assert.equal(outcome.code, 0)
  },

  'without an algorithm in common both sides say so, and with one the handheld comes through': async (
    world,
  ) => {
    const { postkey } = world
    const address = 'suites@example.test'
    const password = await world.user(address)
    const outcome = await activateUntil(postkey, address, password, 8, { suites: [2] })
    await assertCause(postkey, outcome, { e: 8, code: 'request.no_common_suite' })
    await assertActivates(postkey, address, password, { suites: [2, 1] })
  },

  'a request past its life is told as late, and the next one works': async (world) => {
    const { postkey, site } = world
    const address = `late@${heldDomain}`
    const password = await world.user(address)
    const mail = site.hold(address)
    const outcome = await activate(postkey, address, password, { lifeSeconds: 1 })
    await mail.release()
    await postkey.process.waitFor(
      new RegExp(`a request was found.*${outcome.txn}|${outcome.txn}.*a request was found`),
    )
    await assertCause(postkey, outcome, { e: 6, code: 'request.expired' })
    await assertActivates(postkey, address, password)
  },

  'a handheld whose clock is years off comes through': async (world) => {
    const { postkey } = world
    const address = 'years@example.test'
    const password = await world.user(address)
    const real = hurriedClock(1)
    const clock = { ...real, nowMs: () => real.nowMs() - 8 * 365 * 24 * 60 * minute }
    await assertActivates(postkey, address, password, { clock })
  },
}

const inTurn: Cases = {
  "a server whose clock is ten minutes behind the relay's says so, and works when it is set": async (
    world,
  ) => {
    const { postkey, site } = world
    const address = `clock@${heldDomain}`
    const password = await world.user(address)
    const mail = site.hold(address)
    const running = activateUntil(postkey, address, password, 6)
    await mail.caught
    postkey.setClock(-10 * minute)
    await mail.release()
    await assertCause(postkey, await running, { e: 6, code: 'request.clock' })
    postkey.setClock(0)
    await assertActivates(postkey, address, password)
  },

  'a mail that does not come is named while it is waited for, and found when it does': async (world) => {
    const { postkey, site } = world
    const address = `slow@${heldDomain}`
    const password = await world.user(address)
    const mail = site.hold(address)
    const running = activate(postkey, address, password)
    await mail.caught
    await untilBegun(world, address)
    postkey.setClock(3 * minute)
    // By the date that was set the last look is long ago, until the next one.
    await untilExplained(postkey, address, 'mail.not_seen', 'mail_server')
    await mail.release()
    assert.equal((await running).code, 0)
  },
}

testCases('a request that cannot be answered has its cause, and the next honest try works', together, inTurn)
