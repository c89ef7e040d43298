// The relay mails to a test mail server, which hands everything on to the embedded one: `docs/how-to/behind-a-test-mail-server.md`.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertFound, scanOnly } from '../support/each-watch.ts'
import { startMaildev } from '../support/maildev.ts'
import { freePorts, loopback } from '../support/ports.ts'
import { activate, goodScreens, screensOf, startPostkey } from '../support/postkey.ts'

const alice = 'alice@example.test'

test('a handheld activates by interval scan when its mail comes by way of maildev', async (t) => {
  const [smtpPort = 0] = await freePorts(1)
  const relaySmtp = [`host=${loopback}`, `port=${smtpPort}`, 'tls=none'].map((set) => `relay.smtp.${set}`)
  const postkey = await startPostkey(t, { set: [...relaySmtp, ...scanOnly.set] })
  const caFile = join(postkey.data, 'relay-ca.pem')
  const maildev = await startMaildev({
    smtpPort,
    relayTo: { host: loopback, port: postkey.ports.smtp, caFile },
  })
  t.after(() => maildev.stop())
  const password = await postkey.addUser(alice)
  const outcome = await activate(postkey, alice, password)
  assert.deepEqual(screensOf(outcome), goodScreens(alice), maildev.logTail())
  await assertFound(postkey, alice, scanOnly)
  assert.match(maildev.logTail(), /Mail Delivered: .*\[MDAP 1 [0-9a-f]{8}\]/)
})
