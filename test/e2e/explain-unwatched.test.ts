/** A server that looks into mailboxes seldom: what happens to a mail before it looks, and what if it never does. */
import assert from 'node:assert/strict'
import { documentedText, untilExplained } from '../support/e2e-cli.ts'
import { press, sameHandheld } from '../support/e2e-handheld.ts'
import { openMailbox } from '../support/e2e-mailbox.ts'
import { type Cases, eventually, minute, testCases, type World } from '../support/e2e-world.ts'
import { activate } from '../support/postkey.ts'

/** The agent looks into the mailbox: it does when its user may activate again. */
async function makeItLook(world: World, address: string): Promise<void> {
  await world.admin.passwords.revoke(address)
  await world.newPassword(address)
}

const isThere = (mailbox: Awaited<ReturnType<typeof openMailbox>>) => async (): Promise<boolean> =>
  (await mailbox.look('INBOX')).messages.length > 0

const together: Cases = {
  'a mail that a mail client deletes first is named': async (world, t) => {
    const { postkey } = world
    const address = 'deleted@example.test'
    const password = await world.user(address)
    const mailbox = await openMailbox(t, postkey, address)
    await press(postkey, address, password)
    await eventually(isThere(mailbox), 'the mail is in the mailbox')
    await mailbox.empty('INBOX')
    await eventually(async () => {
      await makeItLook(world, address)
      const { explanation } = await world.admin.activations.explain(address)
      return explanation.code === 'mail.gone'
    }, 'the server sees that a mail was gone')
    await untilExplained(postkey, address, 'mail.gone', 'user')
  },
}

const inTurn: Cases = {
  'flooder: one handheld is told E17, and who waits behind its mails to one address is named': async (
    world,
  ) => {
    const { postkey } = world
    const address = 'flooded@example.test'
    const password = await world.user(address)
    const storage = sameHandheld()
    for (let i = 0; i < requestsPerHour; i += 1)
      await press(postkey, address, password, { storage, anew: true })
    const refused = await activate(postkey, address, password, { storage, anew: true })
    assert.equal(refused.text, documentedText(17))
    const other = await press(postkey, address, password)
    assert.equal(other.stage, 'waiting')
    postkey.setClock(3 * minute)
    const { activation, timeline } = await untilExplained(postkey, address, 'relay.mail_queued', 'relay')
    assert.equal(activation?.pin, other.pin)
    assert.deepEqual(
      timeline.map(({ name }) => name),
      ['user pressed Activate', 'relay took the request'],
    )
  },

  'an agent that has not looked for two intervals is named': async (world) => {
    const { postkey } = world
    const address = 'behind@example.test'
    const password = await world.user(address)
    await press(postkey, address, password)
    postkey.setClock(121 * minute)
    await untilExplained(postkey, address, 'agent.behind', 'administrator')
  },
}

/** Of one handheld, and to one address. */
const requestsPerHour = 2

const seldom = [
  `relay.transactions_per_pin_hour=${requestsPerHour}`,
  `relay.mails_per_address_hour=${requestsPerHour}`,
  'agent.relay_hint=false',
  'agent.idle=false',
  'agent.poll_seconds=0',
  'agent.scan_interval_seconds=3600',
]

testCases('what a server that looks seldom misses is named', together, inTurn, seldom)
