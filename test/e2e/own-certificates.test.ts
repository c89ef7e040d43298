// An administrator's own certificates on every listener: docs/how-to/trust-a-relay.md.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTestTls } from '../contract/imap-server-tls.ts'
import { assertFound, fastWatch } from '../support/each-watch.ts'
import { activate, goodScreens, relayTrust, screensOf, startPostkey } from '../support/postkey.ts'
import { temporaryDirectory } from '../support/store.ts'

const alice = 'alice@example.test'
const relayName = 'relay.example.test'
const mailName = 'mail.example.test'

test('with certificates of a CA of the site the parts trust each other, and handhelds the relay', async (t) => {
  const directory = temporaryDirectory(t)
  const file = (name: string, text: string): string => {
    const path = join(directory, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const tls = makeTestTls([relayName, mailName])
  const [cert, key, ca] = [file('cert.pem', tls.cert), file('key.pem', tls.key), file('ca.pem', tls.ca)]
  const listeners = ['smtp', 'imap_server', 'relay'].flatMap((name) => [
    `${name}.tls_cert_file=${cert}`,
    `${name}.tls_key_file=${key}`,
  ])
  const trust = ['imap', 'relay.smtp', 'relay_client'].map((name) => `${name}.ca_file=${ca}`)
  const names = [`relay.id=${relayName}`, `smtp.hostname=${mailName}`]
  const postkey = await startPostkey(t, { set: [...fastWatch.set, ...listeners, ...trust, ...names] })
  assert.equal(relayTrust(postkey).ca, readFileSync(ca, 'utf8'), 'handheld.json leads to the site’s CA')
  const outcome = await activate(postkey, alice, await postkey.addUser(alice))
  assert.deepEqual(screensOf(outcome), goodScreens(alice))
  await assertFound(postkey, alice, fastWatch)
})
