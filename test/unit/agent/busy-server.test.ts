// A mail server that has enough of us, or of one user: who goes without, and who does not notice.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import { authzidAccess } from '#mailbox/access.ts'
import type { MailServer } from '#mailbox/mailbox.ts'
import { exampleMail } from './mails.ts'
import { alice, bob, inboxName, makeWorld, watch } from './watching-world.ts'

test('where there are too few connections IDLE gives its own up, so that mail is read', async (t) => {
  const world = makeWorld(t)
  const options = { connectionsMax: 2, idleConnectionsMax: 4, pollMs: 20, scanIntervalMs: 300 }
  const watching = await watch(world, options)
  for (const owner of [alice, bob]) world.live.add(owner)
  await world.grantsChanged()
  await world.until(() => watching.poolStats().idling === 2)
  // IDLE holds all that are granted from now on; the next safety pass wants a fresh connection.
  world.server.grantConnections(2)
  await world.until(() => watching.poolStats().limited && watching.poolStats().idling === 0)
  world.server.deliver(inboxName(alice), exampleMail)
  await world.until(() => world.taken.length > 0)
  assert(world.lines.some(({ code }) => code === 'imap.too_many_connections'))
})

/** The log-ins that fail for one user alone, or seem to. */
const codes: readonly FaultCode[] = [
  'imap.login_failed',
  'imap.no_password',
  'imap.no_mechanism',
  'imap.token_refused',
  'imap.token_denied',
  'imap.token_unavailable',
  'imap.too_many_connections',
  'imap.login_unanswered',
  'imap.throttled',
]

for (const code of codes)
  test(`a log-in that fails with ${code} keeps nobody else's mailbox from being looked at`, async (t) => {
    const world = makeWorld(t)
    let failing = false
    const server: MailServer = {
      connect: (login) =>
        failing && login.as === 'user' && login.user === alice
          ? Promise.reject(new Fault(code, 'by the test'))
          : world.server.connect(login),
    }
    for (const owner of [alice, bob]) world.live.add(owner)
    for (const owner of world.served) world.server.create(`${owner}/INBOX`)
    const options = { connectionsMax: 1, pollMs: 20, scanIntervalMs: 200 }
    const watching = await watch(world, options, { server, access: authzidAccess(false) })
    failing = true
    world.server.loseConnections()
    await world.until(() => watching.lookAt(alice).fault?.code === code)
    world.server.deliver(`${bob}/INBOX`, exampleMail)
    await world.until(() => world.taken.length > 0)
    assert.equal(watching.lookAt(bob).fault, null)
  })
