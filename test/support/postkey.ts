/** A whole Postkey for end-to-end tests: `bin/postkey` as a user runs it, with data of its own and free ports. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { AdminSession } from '#admin/admin.ts'
import { connectAdmin } from '#admin/socket/client.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import { type ActivateOptions, activateHandheld, type Outcome } from '#handheld/activate.ts'
import { parseRelayId } from '#kernel/brand.ts'
import { freePorts } from './ports.ts'
import { type Exit, type Finished, run, type Started, start } from './process.ts'
import { type Scope, temporaryDirectory } from './store.ts'

export const bin = join(import.meta.dirname, '..', '..', 'bin', 'postkey')

export interface PostkeyOptions {
  /** `--set` values over those of the test: `agent.idle=false`. */
  readonly set?: readonly string[]
  /** `serve`, or a role that runs alone. */
  readonly command?: string
  readonly data?: string
  /** The named point where the server kills itself. */
  readonly failpoint?: string
  /** A program, with its arguments, that runs the server: `strace -D -f …`. It must keep the server's pid its own. */
  readonly under?: readonly string[]
  /** `debug` unless given; null: what the configuration file says. */
  readonly logLevel?: string | null
  /** Variables of the server beside ours. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Ports {
  readonly smtp: number
  readonly imap: number
  readonly imapTls: number
  readonly relay: number
  /** The administrator's listener; 0 where it is off. */
  readonly http: number
}

export interface Postkey {
  readonly data: string
  readonly ports: Ports
  readonly process: Started
  /** Everything the server has logged, as text. */
  log(): string
  /** Runs a command against this server; never rejects. */
  cli(...args: readonly string[]): Promise<Finished>
  /** As `cli` with `-o json`: the parsed answer. Fails the test where the command failed. */
  json<T>(...args: readonly string[]): Promise<T>
  /** The administrator's use cases over the admin socket: what the CLI stands on, without a program to start. */
  admin(): Promise<AdminSession>
  /** Adds a user and returns a generated activation password. */
  addUser(address: string): Promise<string>
  /** Ends the server without a word to it. */
  kill(): Promise<Exit>
  stop(): Promise<Exit>
}

/** Starts on free ports and waits until it says that it is running; ends with the test. */
export async function startPostkey(t: Scope, options: PostkeyOptions = {}): Promise<Postkey> {
  const data = options.data ?? temporaryDirectory(t)
  const { server, args, running } = await startedOn(t, data, options)
  const ports = portsOf(running)
  const cli = (...command: readonly string[]) =>
    run(bin, [...args, ...command], { cwd: data, timeoutMs: 60_000 })
  const json = async <T>(...command: readonly string[]): Promise<T> => {
    const { code, stdout, stderr } = await cli(...command, '-o', 'json')
    assert.equal(code, 0, `postkey ${command.join(' ')}: ${stderr}`)
    return JSON.parse(stdout) as T
  }
  const admin = async () => {
    const session = await connectAdmin(join(data, 'admin.sock'))
    assert(session, 'nobody answers on the admin socket')
    return session
  }
  return {
    data,
    ports,
    process: server,
    log: () => server.output(),
    cli,
    json,
    admin,
    addUser: async (address) => {
      const { users, passwords } = await admin()
      await users.add({ address })
      const { password } = await passwords.generate(address)
      assert(password, 'a generated password is shown once')
      return password
    },
    kill: () => killed(server),
    stop: () => server.stop(),
  }
}

/** With other ports where somebody else took one between our choice and the start. */
async function startedOn(
  t: Scope,
  data: string,
  options: PostkeyOptions,
): Promise<{ server: Started; args: readonly string[]; running: string }> {
  const failpoint = options.failpoint ? { POSTKEY_FAILPOINT: options.failpoint } : {}
  const env = { ...process.env, ...options.env, ...failpoint }
  const [program = bin, ...before] = [...(options.under ?? []), bin]
  for (let left = 3; ; left -= 1) {
    const settings = [
      `server.data_dir=${data}`,
      ...(options.logLevel === null ? [] : [`log.level=${options.logLevel ?? 'debug'}`]),
      ...(await portSettings()),
      ...watchOfAll,
      ...(options.set ?? []),
    ]
    const args = settings.flatMap((value) => ['--set', value])
    const server = start(program, [...before, ...args, options.command ?? 'serve'], { env, cwd: data })
    t.after(() => server.stop())
    try {
      return { server, args, running: await server.waitFor(/^Postkey is running/, 60_000) }
    } catch (error) {
      if (left === 1 || !server.output().includes('listen.in_use')) throw error
    }
  }
}

/** Every way to hear of new mail but the interval scan is switched off. */
export const scanOnlySettings: readonly string[] = [
  'agent.relay_hint=false',
  'agent.idle=false',
  'agent.poll_seconds=0',
  'agent.scan_interval_seconds=1',
]

/** TEST_WATCH=scan runs every end-to-end test by interval scan alone: `npm run test:scan`. */
const watchOfAll = process.env.TEST_WATCH === 'scan' ? scanOnlySettings : []

async function portSettings(): Promise<string[]> {
  const names = ['smtp.port', 'imap_server.port', 'imap_server.tls_port', 'relay.port']
  const ports = await freePorts(names.length)
  return names.map((name, i) => `${name}=${ports[i]}`)
}

/** The same data on the same ports, as after a crash: handhelds and relay find each other again. */
export const restartPostkey = (t: Scope, before: Postkey, options: PostkeyOptions = {}): Promise<Postkey> => {
  const { smtp, imap, imapTls, relay } = before.ports
  const ports = [
    `smtp.port=${smtp}`,
    `imap_server.port=${imap}`,
    `imap_server.tls_port=${imapTls}`,
    `relay.port=${relay}`,
  ]
  return startPostkey(t, { ...options, data: before.data, set: [...(options.set ?? []), ...ports] })
}

async function killed(server: Started): Promise<Exit> {
  process.kill(server.pid, 'SIGKILL')
  return server.exited
}

function portsOf(line: string): Ports {
  const port = (name: string) => Number(new RegExp(`${name} (\\d+)`).exec(line)?.[1] ?? 0)
  return {
    smtp: port('SMTP'),
    imap: port('IMAP'),
    imapTls: port('IMAP over TLS'),
    relay: port('relay'),
    http: port('HTTP'),
  }
}

/** How a handheld finds and trusts this server's relay. */
export function relayTrust(postkey: Postkey): ActivateOptions['relay'] {
  const trust = JSON.parse(readFileSync(join(postkey.data, 'handheld.json'), 'utf8')) as {
    relay_url: string
    relay_id: string
    ca_file: string
  }
  const relayId = parseRelayId(trust.relay_id)
  assert(relayId)
  return { url: trust.relay_url, relayId, ca: readFileSync(trust.ca_file, 'utf8') }
}

/** Activates a handheld in this process over the server's real sockets; gives up after a minute. */
export const activate = (
  postkey: Postkey,
  email: string,
  password: string,
  options: Partial<ActivateOptions> = {},
): Promise<Outcome> =>
  activateHandheld({
    relay: relayTrust(postkey),
    clock: systemClock,
    random: systemRandom,
    typed: { email, password },
    signal: AbortSignal.timeout(60_000),
    ...options,
  })

/** What a handheld shows when all goes well. */
export const goodScreens = (address: string, srpId = 'S00000001'): string[] => [
  'Activating',
  'Verifying Encryption',
  'Encryption Verified. Waiting for Services.',
  'Services Received',
  `Your email address, <${address}> is now enabled. Synchronization service Desktop [${srpId}]`,
  'Activation Complete',
]

export const screensOf = (outcome: Outcome): string[] => outcome.shown.map(({ text }) => text)

/** What `status` says of a user's INBOX, once it says something: each pass over the mailboxes may bring it. */
export async function mailboxCheck(postkey: Postkey, address: string) {
  for (let left = 100; left > 0; left -= 1) {
    const { checks } = await (await postkey.admin()).status()
    const check = checks.find(({ name }) => name === `mailbox ${address}/INBOX`)
    if (check) return { health: check.health, code: check.code }
    await after(100)
  }
  return null
}
