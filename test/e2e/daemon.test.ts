// `postkey serve` and the roles alone as a service manager runs them: what it is told, SIGHUP, SIGTERM, a hang.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { connect } from 'node:tls'
import { makeTestTls } from '../contract/imap-server-tls.ts'
import { readiness, scrapeText } from '../support/metrics.ts'
import { type NotifySocket, startNotifySocket } from '../support/notify-socket.ts'
import { missingPeer } from '../support/peers.ts'
import { activate, goodScreens, type Postkey, screensOf, startPostkey } from '../support/postkey.ts'
import { temporaryDirectory } from '../support/store.ts'

const peers = missingPeer('systemd', 'python3')
const watchdogMs = 4_000

interface Supervised {
  readonly postkey: Postkey
  readonly manager: NotifySocket
  /** Writes the configuration file; the server has no other source of these keys. */
  configure(...lines: readonly string[]): void
  /** Sends SIGHUP and waits until the server says that it is ready again. */
  reload(): Promise<readonly string[]>
}

async function supervised(t: TestContext, command = 'serve', ...lines: string[]): Promise<Supervised> {
  const manager = await startNotifySocket(t)
  const file = join(temporaryDirectory(t), 'postkey.toml')
  const configure = (...next: readonly string[]) => writeFileSync(file, `${next.join('\n')}\n`)
  configure(...lines)
  const postkey = await startPostkey(t, {
    command,
    logLevel: null,
    env: { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: String(watchdogMs * 1000), POSTKEY_CONFIG: file },
  })
  await manager.waitFor(/^READY=1$/)
  return {
    postkey,
    manager,
    configure,
    reload: async () => {
      const from = manager.told.length
      process.kill(postkey.process.pid, 'SIGHUP')
      await manager.waitFor(/^RELOADING=1$/, from)
      const { assignments } = await manager.waitFor(/^READY=1$/, from)
      return assignments
    },
  }
}

const says = async (postkey: Postkey): Promise<string[]> => {
  const { checks } = await (await postkey.admin()).status()
  return checks.filter(({ name }) => name === 'configuration').map(({ code, says }) => `${code}: ${says}`)
}

test('a service manager is told of the start, of life, and of the end', { skip: peers }, async (t) => {
  const { postkey, manager } = await supervised(t)
  const [first] = manager.told
  assert.deepEqual(first?.assignments, ['READY=1', 'STATUS=All is well: 0 users, 0 activations open.'])
  assert.equal((await (await postkey.admin()).status()).health, 'ok', 'the relay was reached before')

  await t.test('it lives, and says so twice in the time of the watchdog', async () => {
    const from = manager.told.length
    await after(2.5 * watchdogMs)
    const beats = manager.told.slice(from).filter(({ assignments }) => assignments.includes('WATCHDOG=1'))
    assert(beats.length >= 4 && beats.length <= 8, `${beats.length} signs of life`)
    const gaps = beats.slice(1).map(({ atMs }, i) => atMs - (beats[i]?.atMs ?? 0))
    assert(Math.max(...gaps) < watchdogMs, `${gaps.map(Math.round).join(' ')} ms apart`)
  })

  await t.test('a process that hangs gives no sign, and one that goes on does', async () => {
    process.kill(postkey.process.pid, 'SIGSTOP')
    // What was on its way still comes.
    await after(watchdogMs / 2)
    const from = manager.told.length
    await after(2 * watchdogMs)
    assert.deepEqual(manager.told.slice(from), [])
    process.kill(postkey.process.pid, 'SIGCONT')
    await manager.waitFor(/^WATCHDOG=1$/, from)
  })

  await t.test('SIGTERM drains: STOPPING=1, exit code 0, and no sign of life after it', async () => {
    const from = manager.told.length
    const startMs = performance.now()
    assert.deepEqual(await postkey.process.stop(25_000), { code: 0, signal: null }, postkey.log())
    t.diagnostic(`ended ${(performance.now() - startMs).toFixed(0)} ms after SIGTERM`)
    const { assignments } = await manager.waitFor(/^STOPPING=1$/, from)
    assert.deepEqual(assignments, ['STOPPING=1', 'STATUS=Stopping.'])
    assert.deepEqual(manager.told.at(-1)?.assignments, assignments)
  })
})

test('the first sentence of status is the status line', { skip: peers }, async (t) => {
  const { manager } = await supervised(t, 'agent')
  const { assignments } = manager.told[0] ?? { assignments: [] }
  assert.equal(assignments[0], 'READY=1', 'a relay that is away is no reason not to be ready')
  assert.match(assignments[1] ?? '', /^STATUS=relay localhost: .*\[relay\.unreachable\]$/)
})

test('SIGHUP loads the configuration again', { skip: peers }, async (t) => {
  const { postkey, manager, configure, reload } = await supervised(t, 'serve', '[log]', 'level = "warn"')
  assert.doesNotMatch(postkey.log(), /"level":"(?:info|debug)"/)
  const user = 'alice@example.test'
  const password = await postkey.addUser(user)

  await t.test('what can change changes, and what cannot is named', async () => {
    configure(
      '[log]',
      'level = "info"',
      '[agent]',
      'poll_seconds = 60',
      '[http]',
      'port = 1',
      '[relay]',
      'mails_per_address_hour = 7',
    )
    const assignments = await reload()
    assert.match(assignments[1] ?? '', /^STATUS=configuration: .*http\.port.*\[config\.needs_restart\]$/)
    assert.match(postkey.log(), /"detail":"http\.port"[^\n]*"message":"needs a restart"/)
    const loaded = /"detail":"([^"]*)","roles":"([^"]*)","message":"the configuration was loaded again"/
    const [, keys, roles] = loaded.exec(postkey.log()) ?? []
    assert.equal(keys, 'log.level agent.poll_seconds relay.mails_per_address_hour')
    assert.equal(roles, 'relay agent')
    assert.match((await says(postkey)).join(), /^config\.needs_restart: /)
  })

  await t.test('and a handheld activates as before', async () => {
    const outcome = await activate(postkey, user, password)
    assert.deepEqual(screensOf(outcome), goodScreens(user))
  })

  await t.test('a configuration with a mistake changes nothing, and it is said', async () => {
    const before = postkey.log().length
    configure('[log]', 'level = "debug"', '[agent]', 'poll_seconds = -1')
    const assignments = await reload()
    assert.match(assignments[1] ?? '', /^STATUS=configuration: .*agent\.poll_seconds.*\[config\.invalid\]$/)
    const log = postkey.log().slice(before)
    assert.match(log, /"code":"config\.invalid","detail":"agent\.poll_seconds must be at least 0/)
    assert.doesNotMatch(log, /"level":"debug"|was loaded again/)
  })

  await t.test('a certificate that cannot be used is no reason to end a listener', async () => {
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(postkey.data, name))
    for (const file of [cert, key]) writeFileSync(file ?? '', 'no certificate\n', { mode: 0o600 })
    configure('[log]', 'level = "info"', '[relay]', `tls_cert_file = "${cert}"`, `tls_key_file = "${key}"`)
    const assignments = await reload()
    assert.match(assignments[1] ?? '', /relay\.tls_cert_file holds no certificate .*\[config\.invalid\]/)
  })

  await t.test('once it is right again nothing more is said of it', async () => {
    configure('[log]', 'level = "info"')
    const assignments = await reload()
    assert.deepEqual(assignments, ['READY=1', 'STATUS=All is well: 1 users, 0 activations open.'])
    assert.deepEqual(await says(postkey), [])
  })

  await t.test('many signals at once are one, and do no harm', async () => {
    for (let left = 20; left > 0; left -= 1) process.kill(postkey.process.pid, 'SIGHUP')
    await reload()
    assert.deepEqual(await postkey.process.stop(25_000), { code: 0, signal: null }, postkey.log())
    assert(manager.told.filter(({ assignments }) => assignments.includes('RELOADING=1')).length < 10)
  })
})

test('a renewed certificate is taken up, and nobody has to stop', { skip: peers }, async (t) => {
  const directory = temporaryDirectory(t)
  const [cert, key, ca] = ['cert.pem', 'key.pem', 'ca.pem'].map((name) => join(directory, name))
  const renew = () => {
    const made = makeTestTls(['127.0.0.1', 'localhost'])
    for (const [file, text] of [
      [cert, made.cert],
      [key, made.key],
      [ca, made.ca],
    ])
      writeFileSync(file ?? '', text ?? '', { mode: 0o600 })
    return made.ca
  }
  const first = renew()
  const { postkey, reload } = await supervised(
    t,
    'serve',
    `relay.tls_cert_file = "${cert}"`,
    `relay.tls_key_file = "${key}"`,
    `relay_client.ca_file = "${ca}"`,
  )
  await greets(postkey, first)
  const second = renew()
  const assignments = await reload()
  await greets(postkey, second)
  await assert.rejects(greets(postkey, first), /certificate/)
  assert.deepEqual(assignments, ['READY=1', 'STATUS=All is well: 0 users, 0 activations open.'])
})

/** Shakes hands with the relay by TLS, with this CA trusted and no other. */
async function greets({ ports }: Postkey, ca: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: ports.relay, ca })
  try {
    await once(socket, 'secureConnect')
  } finally {
    socket.destroy()
  }
}

test('a second SIGTERM ends the process at once', { skip: peers }, async (t) => {
  const { postkey } = await supervised(t)
  process.kill(postkey.process.pid, 'SIGTERM')
  await postkey.process.waitFor(/^Stopping\.$/)
  process.kill(postkey.process.pid, 'SIGTERM')
  const { code, signal } = await postkey.process.exited
  assert(code === 0 || signal === 'SIGTERM', `${code} ${signal}`)
})

test('an IMAP server that never answers does not keep a server that is to stop', async (t) => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const address = silent.address()
  assert(typeof address === 'object' && address)
  const password = join(temporaryDirectory(t), 'password')
  writeFileSync(password, 'sesame\n', { mode: 0o600 })
  const imap = ['host=127.0.0.1', `port=${address.port}`, 'tls=none', `password_file=${password}`]
  const postkey = await startPostkey(t, {
    set: [...imap.map((value) => `imap.${value}`), 'relay.smtp.host=127.0.0.1', 'relay.smtp.tls=none'],
  })
  await postkey.addUser('alice@example.test')
  const startMs = performance.now()
  const { code, signal } = await postkey.process.stop(30_000)
  t.diagnostic(`ended with ${code} ${(performance.now() - startMs).toFixed(0)} ms after SIGTERM`)
  assert.equal(signal, null, 'it ended by itself, before systemd would have lost its patience')
  // A machine under load may need longer than the bound for what waits for the server to be given up.
  assert.equal(code, /process\.slow_end/.test(postkey.log()) ? 1 : 0, postkey.log())
  silent.close()
})

for (const role of ['agent', 'relay', 'smtp', 'imap'])
  test(`\`postkey ${role}\` has a listener of its own for monitoring`, async (t) => {
    const postkey = await startPostkey(t, { command: role, set: ['http.enabled=true', 'http.port=0'] })
    const live = await fetch(`http://127.0.0.1:${postkey.ports.http}/livez`)
    assert.deepEqual([live.status, await live.text()], [200, 'ok\n'])
    const { dependencies } = await readiness(postkey)
    const names = dependencies.map(({ name }) => name)
    assert.deepEqual(names, role === 'agent' ? ['database', 'relay', 'imap'] : ['database'])
    assert.match(await scrapeText(postkey), /^postkey_process_resident_memory_bytes /m)
    assert.deepEqual(await postkey.process.stop(25_000), { code: 0, signal: null })
  })
