// `postkey doctor` on the embedded mail server: a healthy round, and faults made for real.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { makeTestTls } from '../contract/imap-server-tls.ts'
import {
  assertComplete,
  assertHealthy,
  assertNothingLeft,
  assertStoppedAt,
  assertTroubles,
  examine,
} from '../support/doctor.ts'
import { startWithClock } from '../support/e2e-clock.ts'
import { freePorts } from '../support/ports.ts'
import { bin, type Postkey, startPostkey } from '../support/postkey.ts'
import { run } from '../support/process.ts'
import { temporaryDirectory } from '../support/store.ts'

const impatient = 'doctor.canary_seconds=2'
/** What the machine of the tests has free is none of their business. */
const anyDisk = 'doctor.disk_free_mib=0'
const isRoot = process.getuid?.() === 0
const user = 'alice@example.test'

test('the doctor of a server with the embedded mail server', async (t) => {
  const data = isRoot ? await smallDisk(t) : temporaryDirectory(t)
  const serve = (t: TestContext, ...set: string[]): Promise<Postkey> =>
    startPostkey(t, { data, set: [anyDisk, ...set] })

  await t.test('finds a healthy server well and leaves nothing behind', async (t) => {
    const postkey = await startWithClock(t, { data, set: [anyDisk] })
    // What a round leaves behind that was cut off with its server.
    const { users } = await postkey.admin()
    await users.add({ address: 'postkey-canary-0@example.test', displayName: "Postkey doctor's canary" })
    assertHealthy(await examine(postkey))

    await t.test('a clock that was set is named, and the canary comes through all the same', async () => {
      postkey.setClock(90_000)
      const warned = await examine(postkey)
      assertTroubles(warned, { name: 'clock', health: 'attention', code: 'clock.off' })
      assertComplete(warned)
      postkey.setClock(-400_000)
      const broken = await examine(postkey, '--no-canary')
      assertTroubles(broken, { name: 'clock', health: 'broken', code: 'clock.off' })
      assert.deepEqual(broken.canary, [], 'no canary flies where none is wanted')
      postkey.setClock(0)
    })
    await postkey.stop()
    await assertNothingLeft(postkey)
  })

  await t.test('an SMTP server that refuses is named, with its words', async (t) => {
    const port = await refusingSmtp(t)
    const to = [`relay.smtp.host=127.0.0.1`, `relay.smtp.port=${port}`, 'relay.smtp.tls=none']
    const postkey = await serve(t, ...to)
    const { users } = await postkey.admin()
    await users.add({ address: user })
    const examined = await examine(postkey)
    const refused = { health: 'broken', code: 'smtp.refused' } as const
    assertTroubles(
      examined,
      { ...refused, name: /^mail by SMTP server 127\.0\.0\.1/ },
      { ...refused, name: 'SMTP accepted' },
    )
    assertStoppedAt(examined, 'SMTP accepted')
    for (const { health, says } of [...examined.checks, ...examined.canary])
      if (health === 'broken') assert.match(says, /550 5\.1\.1 nobody here/)
    await users.remove(user)
    await postkey.stop()
  })

  await t.test('an expired certificate is named at the server that shows it', async (t) => {
    const postkey = await serve(t, impatient, ...expiredCertificate(t))
    const examined = await examine(postkey)
    assertTroubles(
      examined,
      { name: /^SMTP on port/, health: 'broken', code: 'tls.expired' },
      { name: 'SMTP accepted', health: 'broken', code: 'smtp.unreachable' },
    )
    assertStoppedAt(examined, 'SMTP accepted')
    assert.match(examined.canary.at(-1)?.says ?? '', /expired/)
    await postkey.stop()
  })

  await t.test('a relay that is away is named', async (t) => {
    const postkey = await serve(t, impatient, ...(await relayElsewhere(t)))
    const examined = await examine(postkey)
    const away = { health: 'broken', code: 'relay.unreachable' } as const
    assertTroubles(
      examined,
      { ...away, name: /^relay at 127\.0\.0\.1:\d+$/ },
      { ...away, name: 'relay relay.example.test' },
      { ...away, name: 'relay accepted' },
    )
    assertStoppedAt(examined, 'relay accepted')
    await postkey.stop()
  })

  await t.test('without a server it says so and looks at what can be seen', async () => {
    const args = [`server.data_dir=${data}`, anyDisk, 'smtp.port=0', 'imap_server.tls_port=0', 'relay.port=0']
    const set = args.flatMap((value) => ['--set', value])
    const { code, stdout } = await run(bin, [...set, 'doctor', '-o', 'json'], { cwd: data })
    const examined = { exit: code ?? -1, ...JSON.parse(stdout) }
    assertTroubles(examined, { name: 'server', health: 'broken', code: 'admin.no_server' })
    const names = examined.checks.map(({ name }: { name: string }) => name)
    for (const name of ['configuration', 'data directory', 'disk', 'database', 'storage key'])
      assert(names.includes(name), name)
  })

  const notRoot = isRoot ? false : 'only root can mount a small disk'
  await t.test('a disk that is nearly full is named', { skip: notRoot }, async (t) => {
    const postkey = await startPostkey(t, { data, set: ['doctor.disk_free_mib=30'] })
    fill(data, 20)
    const low = await examine(postkey)
    assertTroubles(low, { name: 'disk', health: 'attention', code: 'disk.low' })
    assertComplete(low)
    fill(data, 2.5)
    const full = await examine(postkey, '--no-canary')
    assertTroubles(full, { name: 'disk', health: 'broken', code: 'disk.low' })
    await postkey.stop()
  })
})

/** A disk of 64 MiB for the data directory. */
async function smallDisk(t: TestContext): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'postkey-disk-'))
  const { code, stderr } = await run('/bin/mount', [
    '-t',
    'tmpfs',
    '-o',
    'size=64m,mode=700',
    'tmpfs',
    directory,
  ])
  assert.equal(code, 0, stderr)
  t.after(async () => {
    await run('/bin/umount', ['-l', directory])
    rmSync(directory, { recursive: true })
  })
  return directory
}

/** Leaves so many MiB free. */
function fill(directory: string, freeMib: number): void {
  const { bavail, bsize } = statfsSync(directory)
  writeFileSync(join(directory, `filler-${freeMib}`), Buffer.alloc(bavail * bsize - freeMib * 1024 * 1024))
}

async function refusingSmtp(t: TestContext): Promise<number> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onRcptTo: (_address, _session, done) =>
      done(Object.assign(new Error('5.1.1 nobody here'), { responseCode: 550 })),
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return (server.server.address() as AddressInfo).port
}

/** For the embedded SMTP server; the relay trusts its CA. */
function expiredCertificate(t: TestContext): string[] {
  const directory = temporaryDirectory(t)
  const twoYearsMs = 2 * 365 * 86_400_000
  const tls = makeTestTls(['localhost'], Date.now() - twoYearsMs)
  const file = (name: string, text: string): string => {
    const path = join(directory, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  return [
    `smtp.tls_cert_file=${file('cert.pem', tls.cert)}`,
    `smtp.tls_key_file=${file('key.pem', tls.key)}`,
    `relay.smtp.ca_file=${file('ca.pem', tls.ca)}`,
  ]
}

/** Another installation's relay, at a port where nobody listens. */
async function relayElsewhere(t: TestContext): Promise<string[]> {
  const [port] = await freePorts(1)
  const keyFile = join(temporaryDirectory(t), 'srp.key')
  writeFileSync(keyFile, `${'5a'.repeat(32)}\n`, { mode: 0o600 })
  return [
    `relay_client.url=wss://127.0.0.1:${port}`,
    'relay_client.relay_id=relay.example.test',
    `relay_client.srp_key_file=${keyFile}`,
    `relay_client.seal_keys=${'d7'.repeat(32)}`,
  ]
}
