// docs/how-to/gateway.md, typed as it stands there: only its directory and its ports are this test's own.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readPage } from '../support/page.ts'
import { peerDirectory } from '../support/peer-config.ts'
import { missingPeer } from '../support/peers.ts'
import { freePorts } from '../support/ports.ts'
import { activate, goodScreens, type Postkey, screensOf } from '../support/postkey.ts'
import { run, start } from '../support/process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const alice = 'alice@example.test'
const asRoot = process.getuid?.() === 0 ? false : 'the page is for root'

test('the how-to page on the gateway works as it stands', {
  skip: missingPeer('dovecot', 'openssl') || asRoot,
}, async (t) => {
  const directory = await peerDirectory('gateway')
  const blocks = await ownBlocks(directory.path)
  const shell = (block: string, before = '') =>
    run('/bin/bash', ['-euc', `${before}\n${block}`], { cwd: root, timeoutMs: 60_000 })
  const [install = '', dovecot = '', postkey = '', serve = '', use = '', end = '', ...more] = blocks
  assert.deepEqual(more, [])
  const exported = install.match(/^export .*$/m)?.[0] ?? ''
  // Packages are `npm run peers`' business.
  const laidOut = await shell(`${install.replace(/^apt-get .*$/m, '')}${dovecot}`)
  // In this order: without its configuration Dovecot could not be ended.
  t.after(() => shell(end, exported))
  t.after(() => directory.remove())
  assert.equal(laidOut.code, 0, laidOut.stderr)
  const checked = await shell(postkey, exported)
  assert.equal(checked.code, 0, checked.stdout + checked.stderr)

  const environment = `export POSTKEY_CONFIG=${join(directory.path, 'postkey', 'postkey.toml')}`
  const running = await serving(t, serve, environment)
  const [addUser = '', generate = '', handheld = '', doctor = '', status = ''] = use.trim().split('\n')
  const added = await shell(addUser, environment)
  assert.equal(added.code, 0, added.stderr)
  const made = await shell(`${generate} -o json`, environment)
  assert.equal(made.code, 0, made.stderr)
  assert.match(handheld, new RegExp(`^bin/postkey handheld activate --email ${alice}$`))
  const { password } = JSON.parse(made.stdout) as { password: string }
  const data = join(directory.path, 'postkey', 'data')
  const outcome = await activate({ data } as Postkey, alice, password)
  assert.deepEqual(screensOf(outcome), goodScreens(alice))
  const looked = await shell(`${doctor} -o json`, environment)
  assert.equal(looked.code, 0, looked.stdout + looked.stderr)
  const hop = `delivery by LMTP to ${directory.path}/run/lmtp`
  for (const name of [hop, `${hop} for ${alice}`]) assert(looked.stdout.includes(`"${name}"`), looked.stdout)
  const shown = await shell(status, environment)
  assert.equal(shown.code, 0, shown.stdout + shown.stderr)
  assert(shown.stdout.includes(hop), shown.stdout)
  assert.match(running.output(), /"mail delivered"|mail delivered/)
})

async function ownBlocks(directory: string): Promise<string[]> {
  const [imap, lmtp, policy, smtp, relay] = await freePorts(5)
  const page = readPage('gateway', {
    '/srv/postkey-gateway': directory,
    '10143': String(imap),
    '10024': String(lmtp),
    '10340': String(policy),
    '10025': String(smtp),
    '10443': String(relay),
  })
  return page.shell('Try it on one machine')
}

async function serving(t: TestContext, serve: string, environment: string) {
  const server = start('/bin/bash', ['-euc', `${environment}\nexec ${serve}`], { cwd: root })
  t.after(() => server.stop())
  assert.match(await server.waitFor(/^Postkey is running/, 60_000), /SMTP \d+, relay \d+\./)
  return server
}
