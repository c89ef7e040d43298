// A real mail server's troubles between a mail's coming and its being read: no activation is lost, none happens twice,
// status says what is wrong meanwhile, and nobody has to help.

import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import type { Outcome } from '#handheld/activate.ts'
import { type BesideDovecot, startBeside } from '../support/beside.ts'
import type { MailUser } from '../support/dovecot.ts'
import { eventually } from '../support/e2e-world.ts'
import { missingPeer } from '../support/peers.ts'
import { activate, goodScreens, type Postkey, screensOf, startPostkey } from '../support/postkey.ts'

const userOf = (name: string): MailUser => ({ address: `${name}@example.test`, password: 'a mail password' })
const killed = userOf('killed')
const paused = userOf('paused')
const renumbered = userOf('renumbered')
const recreated = userOf('recreated')
const users = [killed, paused, renumbered, recreated]

/** Only the pass over all mailboxes reads, and seldom: there is time for the trouble before it. */
const seldom = [
  'agent.relay_hint=false',
  'agent.idle=false',
  'agent.poll_seconds=0',
  'agent.scan_interval_seconds=6',
]
const pausedMs = 30_000

test('a real mail server’s troubles', { skip: missingPeer('dovecot', 'postfix') }, async (t) => {
  const beside = await startBeside(t, users)
  const postkey = await startPostkey(t, { set: [...beside.set, ...seldom] })
  const home = ({ address }: MailUser): string => join(beside.dovecot.directory, 'mail', address)
  // A mailbox comes into being with the first log-in.
  for (const user of users) await beside.inbox(user)

  await survives(t, { beside, postkey, user: killed }, 'killed and started again', async () => {
    await beside.dovecot.kill()
    await untilBroken(postkey, 'imap.unreachable')
    await beside.dovecot.restart()
  })

  await survives(t, { beside, postkey, user: paused }, 'stopped for half a minute', async () => {
    beside.dovecot.pause()
    await after(pausedMs)
    beside.dovecot.goOn()
  })

  await survives(t, { beside, postkey, user: renumbered }, 'with a new UIDVALIDITY', async () => {
    for (const name of await readdir(home(renumbered)))
      if (/^dovecot[.-]/.test(name)) await rm(join(home(renumbered), name), { recursive: true })
  })

  await t.test('a mailbox that was deleted and made anew lets its user in', async () => {
    const { code: first } = await activateNow(postkey, recreated)
    assert.equal(first, 0)
    await rm(home(recreated), { recursive: true })
    const outcome = await activateNow(postkey, recreated)
    assert.equal(outcome.code, 0)
    assert.deepEqual(screensOf(outcome), goodScreens(recreated.address))
  })

  await t.test('in the end everything is as it should be', async () => {
    const admin = await postkey.admin()
    for (const { address } of users) {
      const { explanation } = await admin.activations.explain(address)
      assert.equal(explanation.code, null)
    }
    const { checks } = await admin.status()
    assert.deepEqual(
      checks.filter(({ health }) => health === 'broken').map(({ name, code }) => [name, code]),
      [],
    )
  })
})

interface Patient {
  readonly beside: BesideDovecot
  readonly postkey: Postkey
  readonly user: MailUser
}

/** The trouble comes when the mail is in the mailbox and nobody has read it. */
function survives(
  t: TestContext,
  { beside, postkey, user }: Patient,
  name: string,
  trouble: () => Promise<void>,
): Promise<void> {
  return t.test(`a mail server ${name} costs no activation`, async () => {
    const password = await postkey.addUser(user.address)
    const outcome = activate(postkey, user.address, password)
    await untilDelivered(beside, user)
    await trouble()
    const ended = await outcome
    assert.equal(ended.code, 0)
    assert.deepEqual(screensOf(ended), goodScreens(user.address))
    assert.equal((await beside.inbox(user)).length, 0, 'the mail was removed')
    const { activations } = await postkey.admin()
    const stages = async () => (await activations.list({ of: user.address })).map(({ stage }) => stage).join()
    // The handheld is done when the relay has its last word, which the server may hear a moment later.
    await eventually(async () => (await stages()) === 'activation_complete', 'one activation, complete')
  })
}

async function activateNow(postkey: Postkey, { address }: MailUser): Promise<Outcome> {
  const { users, passwords } = await postkey.admin()
  if (!(await users.list()).some((user) => user.address === address)) await users.add({ address })
  const { password } = await passwords.generate(address)
  assert(password)
  return activate(postkey, address, password)
}

async function untilDelivered(beside: BesideDovecot, user: MailUser): Promise<void> {
  while ((await beside.inbox(user)).length === 0) await after(50)
}

async function untilBroken(postkey: Postkey, code: string): Promise<void> {
  const isBroken = async () => {
    const { checks } = await (await postkey.admin()).status()
    return checks.some((check) => check.health === 'broken' && check.code === code)
  }
  while (!(await isBroken())) await after(100)
}
