// A mail server that grants fewer connections than Postkey is configured for: it works on, says so, and comes back.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import type { Check } from '#admin/views.ts'
import { startBeside } from '../support/beside.ts'
import { examine } from '../support/doctor.ts'
import type { MailUser } from '../support/dovecot.ts'
import { missingPeer } from '../support/peers.ts'
import { activate, goodScreens, type Postkey, screensOf, startPostkey } from '../support/postkey.ts'

const users = Array.from({ length: 6 }, (_, i): MailUser => {
  const address = `user${i}@example.test`
  return { address, password: `${address}'s own` }
})

/** What each limit looks like to the agent. */
const limits: Readonly<Record<string, { readonly config: string; readonly code: RegExp }>> = {
  'two connections for one account': {
    config: 'protocol imap {\n  mail_max_userip_connections = 2\n}',
    code: /imap\.too_many_connections/,
  },
}

async function activateAll(postkey: Postkey, some: readonly MailUser[]): Promise<void> {
  const passwords = await Promise.all(some.map(({ address }) => postkey.addUser(address)))
  const outcomes = await Promise.all(
    some.map(({ address }, i) => activate(postkey, address, passwords[i] ?? '')),
  )
  for (const [i, outcome] of outcomes.entries())
    assert.deepEqual(screensOf(outcome), goodScreens(some[i]?.address ?? ''))
}

/** The check of this name in `status`, once there is one. */
async function statusCheck(postkey: Postkey, name: string): Promise<Check | null> {
  for (let left = 100; left > 0; left -= 1) {
    const { checks } = await (await postkey.admin()).status()
    const check = checks.find((one) => one.name === name)
    if (check) return check
    await after(100)
  }
  return null
}

for (const [name, { config, code }] of Object.entries(limits))
  test(`${name}: every activation completes`, {
    skip: missingPeer('dovecot', 'postfix'),
  }, async (t: TestContext) => {
    const beside = await startBeside(t, users, [], { config })
    const postkey = await startPostkey(t, {
      set: [...beside.set, 'imap.junk=', 'agent.connections=5', 'agent.poll_seconds=1'],
    })
    await activateAll(postkey, users)
    await postkey.process.waitFor(/the mail server grants fewer connections/)
    assert.match(postkey.log(), code)

    const check = await statusCheck(postkey, 'IMAP connections')
    assert.equal(check?.health, 'attention')
    assert.equal(check?.code, 'imap.too_many_connections')
    assert.match(check?.says ?? '', /allows no more connections.*at most [1-4] of 5/)

    const { checks } = await examine(postkey)
    const login = checks.find(({ name }) => name.startsWith('IMAP log-in'))
    // The doctor's own connection is one too many, or takes the place of one that was just closed.
    assert(login?.health === 'ok' || login?.code === 'imap.too_many_connections', JSON.stringify(login))
    assert(checks.some((one) => one.code === 'imap.too_many_connections'))
    await postkey.stop()
  })
