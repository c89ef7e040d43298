/** What is wrong with the password, or with who proves it: each has its cause, and the next honest try works. */
import assert from 'node:assert/strict'
import { assertCause, documentedText, explain } from '../support/e2e-cli.ts'
import { hurriedClock } from '../support/e2e-clock.ts'
import { activateUntil, assertActivates, sameHandheld } from '../support/e2e-handheld.ts'
import { carries, tapRelay } from '../support/e2e-wire.ts'
import { type Cases, minute, testCases, wrongPassword } from '../support/e2e-world.ts'
import { activate, screensOf } from '../support/postkey.ts'

const together: Cases = {
  'a wrong password is told with the tries left, and the right one then works': async (world) => {
    const { postkey } = world
    const address = 'wrong@example.test'
    const password = await world.user(address)
    const storage = sameHandheld()
    const outcome = await activate(postkey, address, wrongPassword, { storage })
    const { explanation } = await assertCause(postkey, outcome, {
      e: 10,
      code: 'proof.wrong_password',
      triesLeft: 4,
    })
    assert.match(explanation.says, /Tries left for this handheld: 4\.$/)
    assert.deepEqual(await postkey.json('activation', 'explain', address), await explain(postkey, address))
    await assertActivates(postkey, address, password, { storage })
  },

  'registered handheld, wrong password: after five of them it is refused, another one is not': async (
    world,
  ) => {
    const { postkey } = world
    const address = 'tries@example.test'
    const password = await world.user(address)
    const storage = sameHandheld()
    for (const triesLeft of [4, 3, 2, 1, 0]) {
      const outcome = await activate(postkey, address, wrongPassword, { storage })
      assert.equal(outcome.text, documentedText(10, triesLeft))
    }
    const asked: string[] = []
    const onAsk = async (_: unknown, text: string) => asked.push(text) > 0
    const sixth = await activate(postkey, address, password, { storage, onAsk })
    await assertCause(postkey, sixth, { e: 11, code: 'proof.too_many_tries' })
    assert.deepEqual(asked, [documentedText(23)])
    await assertActivates(postkey, address, password)
  },

  'a password that was revoked before the request came is told as none, and a new one works': async (
    world,
  ) => {
    const { postkey, admin } = world
    const address = 'revoked@example.test'
    const password = await world.user(address)
    await admin.passwords.revoke(address)
    const outcome = await activateUntil(postkey, address, password, 5)
    await assertCause(postkey, outcome, { e: 5, code: 'grant.revoked' })
    await assertActivates(postkey, address, await world.newPassword(address))
  },

  'a disabled user is told as one without a password, and activates when enabled again': async (world) => {
    const { postkey, admin } = world
    const address = 'disabled@example.test'
    const password = await world.user(address)
    await admin.users.change(address, { enabled: false })
    const outcome = await activateUntil(postkey, address, password, 5)
    await assertCause(postkey, outcome, { e: 5, code: 'user.disabled' })
    await admin.users.change(address, { enabled: true })
    await assertActivates(postkey, address, password)
  },

  'a password that is revoked while the handheld proves it ends the run': async (world) => {
    const { postkey, admin } = world
    const address = 'revoked-late@example.test'
    const password = await world.user(address)
    const wire = tapRelay(postkey)
    const proof = wire.hold('sent', carries('m3'))
    const running = activate(postkey, address, password, { dial: wire.dial })
    await proof.caught
    await admin.passwords.revoke(address)
    await assertCause(postkey, await running, { e: 5, code: 'grant.revoked' })
    await assertActivates(postkey, address, await world.newPassword(address))
  },

  'a password that is replaced while the handheld proves it ends the run, and the newer one works': async (
    world,
  ) => {
    const { postkey } = world
    const address = 'replaced@example.test'
    const password = await world.user(address)
    const wire = tapRelay(postkey)
    const proof = wire.hold('sent', carries('m3'))
    const running = activate(postkey, address, password, { dial: wire.dial })
    await proof.caught
    const newer = await world.newPassword(address)
    await assertCause(postkey, await running, { e: 5, code: 'grant.replaced' })
    await assertActivates(postkey, address, newer)
  },

  'a used password is told as none, and a new one works': async (world) => {
    const { postkey } = world
    const address = 'used@example.test'
    const password = await world.user(address)
    await assertActivates(postkey, address, password)
    const outcome = await activateUntil(postkey, address, password, 5)
    await assertCause(postkey, outcome, { e: 5, code: 'grant.used' })
    await assertActivates(postkey, address, await world.newPassword(address))
  },

  'a user without a password is told so, and with one the handheld comes through': async (world) => {
    const { postkey, admin } = world
    const address = 'none@example.test'
    await admin.users.add({ address })
    const outcome = await activateUntil(postkey, address, wrongPassword, 5)
    await assertCause(postkey, outcome, { e: 5, code: 'grant.none' })
    await assertActivates(postkey, address, await world.newPassword(address))
  },

  'a password bound to another PIN is refused without a try, and its own handheld works': async (world) => {
    const { postkey, admin } = world
    const storage = sameHandheld()
    const first = await assertActivates(postkey, 'pin@example.test', await world.user('pin@example.test'), {
      storage,
    })
    assert(first.pin)
    const address = 'pin@example.test'
    const password = await world.newPassword(address, { pin: first.pin })
    const outcome = await activate(postkey, address, password)
    await assertCause(postkey, outcome, { e: 3, code: 'grant.bound_elsewhere' })
    assert.equal((await admin.users.show(address)).password?.wrongTries, 0)
    await assertActivates(postkey, address, password, { storage })
  },

  'of two handhelds that race for one user the first to prove wins, before its key check': async (world) => {
    const { postkey } = world
    const address = 'race-claimed@example.test'
    const password = await world.user(address)
    const wire = tapRelay(postkey)
    const keyCheck = wire.hold('sent', carries('packet'))
    const first = activate(postkey, address, password, { dial: wire.dial })
    await keyCheck.caught
    const second = await activate(postkey, address, password)
    await assertCause(postkey, second, { e: 13, code: 'grant.claimed' })
    keyCheck.release()
    assert.equal((await first).code, 0)
    assert.equal((await explain(postkey, address)).activation?.pin, second.pin)
    await assertActivates(postkey, address, await world.newPassword(address))
  },

  'administrator who set the password and acts first: the user is told that it is used, and the PIN is shown':
    async (world) => {
      const { postkey } = world
      const address = 'race-used@example.test'
      const password = await world.user(address)
      const wire = tapRelay(postkey)
      const proof = wire.hold('sent', carries('m3'))
      const slower = activate(postkey, address, password, { dial: wire.dial })
      await proof.caught
      const { pin } = await assertActivates(postkey, address, password)
      await assertCause(postkey, await slower, { e: 13, code: 'grant.used' })
      const own = (await world.admin.handhelds.list()).filter(({ user }) => user === address)
      assert.deepEqual(
        own.map((one) => one.pin),
        [pin],
      )
      await assertActivates(postkey, address, await world.newPassword(address))
    },

  'of two handhelds that start at the same moment one comes through': async (world) => {
    const { postkey, admin } = world
    const address = 'race@example.test'
    const password = await world.user(address)
    const until = new AbortController()
    const both = [0, 1].map(() =>
      activate(postkey, address, password, {
        clock: hurriedClock(5),
        signal: until.signal,
        onShown: ({ code }) => {
          if (code === 5) until.abort()
        },
      }),
    )
    const outcomes = await Promise.all(both)
    const [winner, loser] = outcomes.toSorted((a, b) => Number(b.code === 0) - Number(a.code === 0))
    assert(winner && loser)
    assert.equal(winner.code, 0)
    assert.ok([5, 13].includes(loser.shown.at(-1)?.code ?? 0), screensOf(loser).join(' / '))
    const of = await admin.handhelds.list()
    assert.deepEqual(
      of.filter((one) => one.user === address).map((one) => one.pin),
      [winner.pin],
    )
    await assertActivates(postkey, address, await world.newPassword(address))
  },
}

const inTurn: Cases = {
  'a password that expired before the request came is told as none, and a new one works': async (world) => {
    const { postkey } = world
    const address = 'expired@example.test'
    const password = await world.user(address, { hours: 1 })
    postkey.setClock(61 * minute)
    const outcome = await activateUntil(postkey, address, password, 5)
    await assertCause(postkey, outcome, { e: 5, code: 'grant.expired' })
    await assertActivates(postkey, address, await world.newPassword(address))
  },

  'a password that expires while the handheld proves it ends the run, and a new one works': async (world) => {
    const { postkey } = world
    const address = 'expired-late@example.test'
    const password = await world.user(address, { hours: 1 })
    const wire = tapRelay(postkey)
    const proof = wire.hold('sent', carries('m3'))
    const running = activate(postkey, address, password, { dial: wire.dial })
    await proof.caught
    postkey.setClock(61 * minute)
    proof.release()
    await assertCause(postkey, await running, { e: 5, code: 'grant.expired' })
    await assertActivates(postkey, address, await world.newPassword(address))
  },
}

testCases(
  'a password that does not let the handheld in has its cause, and the next honest try works',
  together,
  inTurn,
)
