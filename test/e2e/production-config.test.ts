// What docker/compose.production.yaml makes Postfix and Dovecot run with: their images' start scripts, run here with the
// environment it gives, in other directories. No container is started.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { makeTestTls } from '../contract/imap-server-tls.ts'
import { readCompose } from '../support/compose.ts'
import { dockerFile } from '../support/peer-config.ts'
import { missingPeer } from '../support/peers.ts'
import { type Finished, run } from '../support/process.ts'
import { temporaryDirectory } from '../support/store.ts'

const { services } = readCompose('compose.production.yaml')

interface Server {
  readonly environment: Readonly<Record<string, string>>
  /** Runs the image's start script, which becomes this command. */
  start(...command: readonly string[]): Promise<Finished>
}

/** The service's environment, with its directories and secrets in one of the test's own. */
function server(t: TestContext, name: string): Server {
  const directory = temporaryDirectory(t)
  const tls = makeTestTls()
  writeFileSync(join(directory, 'cert.pem'), tls.cert)
  writeFileSync(join(directory, 'key.pem'), tls.key, { mode: 0o600 })
  const asked = services[name]?.environment ?? {}
  const places = ['ETC', 'RUN', 'MAIL', 'QUEUE', 'DATA'].filter((one) => one in asked)
  const environment = {
    ...asked,
    ...Object.fromEntries(places.map((one) => [one, join(directory, one.toLowerCase())])),
    TLS_CERT: join(directory, 'cert.pem'),
    TLS_KEY: join(directory, 'key.pem'),
  }
  for (const one of places) mkdirSync(join(directory, one.toLowerCase()))
  const env = { PATH: process.env.PATH, ...environment }
  return {
    environment,
    start: (...command) => run('/bin/sh', [dockerFile(`${name}/start.sh`), ...command], { env }),
  }
}

const asRoot = process.getuid?.() === 0 ? false : 'gives directories away, which root alone may'

test('Dovecot accepts what its image renders, and every value has a use', {
  skip: missingPeer('dovecot') || asRoot,
}, async (t) => {
  const { environment, start } = server(t, 'dovecot')
  for (const name of ['users', 'masters']) writeFileSync(join(environment.ETC ?? '', name), '')
  const file = join(environment.ETC ?? '', 'dovecot.conf')
  const { code, stdout, stderr } = await start('/usr/bin/doveconf', '-n', '-c', file)
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^ssl_cert = </m)
  assert(existsSync(join(environment.ETC ?? '', 'acl')))
  assertAllUsed(environment, readFileSync(file, 'utf8'))
})

test('Postfix accepts what its image renders, and every value has a use', {
  skip: missingPeer('postfix') || asRoot,
}, async (t) => {
  const { environment, start } = server(t, 'postfix')
  const { code, stdout, stderr } = await start('/usr/sbin/postconf', '-n', '-c', environment.ETC ?? '')
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^virtual_transport = lmtp:inet:imap\.example\.test:24$/m)
  const rendered = ['main.cf', 'master.cf'].map((name) =>
    readFileSync(join(environment.ETC ?? '', name), 'utf8'),
  )
  assertAllUsed(environment, rendered.join())
})

test('a value that is not set stops the start', { skip: missingPeer('postfix') || asRoot }, async (t) => {
  const { environment } = server(t, 'postfix')
  const { DOMAIN: _, ...env } = environment
  const { code, stderr } = await run('/bin/sh', [dockerFile('postfix/start.sh'), '/bin/true'], {
    env: { PATH: process.env.PATH, ...env },
  })
  assert.notEqual(code, 0)
  assert.match(stderr, /DOMAIN/)
})

function assertAllUsed(environment: Readonly<Record<string, string>>, rendered: string): void {
  const { ETC, ...values } = environment
  for (const [name, value] of Object.entries(values)) assert(rendered.includes(value), `${name}=${value}`)
}
