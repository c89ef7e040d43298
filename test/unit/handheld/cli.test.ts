import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Command } from 'commander'
import { parseRows } from '#cli/csv.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import { registerHandheldCommands } from '#handheld/cli.ts'
import { exitOf, outcomeJson } from '#handheld/cli-activate.ts'
import type { HandheldIo } from '#handheld/cli-io.ts'
import { viewOf } from '#handheld/cli-screen.ts'
import { openHandheldDirectory } from '#handheld/file.ts'
import { startProgressLine } from '#handheld/progress-line.ts'
import { loadRelayTrust, relayTrustText } from '#handheld/trust.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { silentLog } from '#kernel/log.ts'
import { toComplete, toConfirming } from './run-through.ts'
import { known, script, World } from './world.ts'

let dir = ''
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'postkey-cli-'))
})
after(() => rm(dir, { recursive: true }))

interface Typed {
  readonly out: string
  readonly exits: readonly string[]
  readonly error: unknown
}

/** Runs one command line in surroundings without a terminal. */
async function type(args: readonly string[], fields: Partial<HandheldIo> = {}): Promise<Typed> {
  let out = ''
  const exits: string[] = []
  const io: HandheldIo = {
    format: 'table',
    stdout: { write: (text) => (out += text) },
    stderr: { write: () => {} },
    cwd: dir,
    dataDir: () => dir,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    failpoint: noFailpoint,
    version: '1.0',
    stop: new AbortController().signal,
    canAsk: false,
    askPassword: async () => null,
    confirm: async () => false,
    parseCsv: parseRows,
    table: (titles, rows) => [titles, ...rows].map((row) => `${row.join('|')}\n`).join(''),
    setExit: (name) => exits.push(name),
    ...fields,
  }
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  registerHandheldCommands<Command>(program.command('handheld'), async () => io)
  const error = await program.parseAsync(['handheld', ...args], { from: 'user' }).then(
    () => null,
    (reason: unknown) => reason,
  )
  return { out, exits, error }
}

const relay = ['--relay', 'ws://127.0.0.1:1', '--relay-id', 'relay.example.test']

async function saved(name: string, state: World['state']): Promise<string> {
  const home = join(dir, name)
  const storage = await openHandheldDirectory(home)
  await storage.save({ seed: new Uint8Array(32), state })
  await storage.close()
  return home
}

test('without a relay that is known nothing begins, and the fault says how to name one', async () => {
  const { error } = await type(['activate', '--email', 'alice@example.test'])
  assert.equal(faultCodeOf(error), 'handheld.no_relay')
})

const mistakes: readonly (readonly string[])[] = [
  ['activate', '--email', 'alice@example.test', ...relay],
  ['activate', '--email', 'alice@example.test', '--suite', 'rot13', ...relay],
  ['activate', '--email', 'alice@example.test', '--password-file', 'missing', ...relay],
  ['fleet', '--users', 'missing.csv', ...relay],
]
for (const args of mistakes)
  test(`a mistake in the command line is one: ${args.slice(0, -4).join(' ')}`, async () => {
    const { error } = await type(args)
    assert.equal(faultCodeOf(error), 'admin.usage')
  })

test('a fleet needs rows and sensible numbers', async () => {
  await writeFile(join(dir, 'none.csv'), 'email,password\n')
  await writeFile(join(dir, 'one.csv'), 'email,password\na@example.test,secretsecret\n')
  for (const args of [
    ['--users', 'none.csv'],
    ['--users', 'one.csv', '--parallel', '0'],
    ['--users', 'one.csv', '--timeout', 'soon'],
  ])
    assert.equal(faultCodeOf((await type(['fleet', ...args, ...relay])).error), 'admin.usage')
})

test('cancelling at the password prompt leaves nothing under way', async () => {
  const args = ['activate', '--email', 'alice@example.test', '--dir', join(dir, 'cancelled'), ...relay]
  const { exits, error } = await type(args, { canAsk: true })
  assert.deepEqual([exits, error], [['cancelled'], null])
  const again = await type(['activate', '--dir', join(dir, 'cancelled'), ...relay])
  assert.equal(faultCodeOf(again.error), 'handheld.idle')
})

test('what is complete says so again, without a relay behind it', async () => {
  const world = new World()
  toComplete(world)
  const home = await saved('complete', world.state)
  const { out, exits } = await type(['activate', '--dir', home, ...relay])
  assert.equal(out, 'Activation Complete\n')
  assert.deepEqual(exits, [])
  const json = await type(['activate', '--dir', home, ...relay], { format: 'json' })
  const outcome: unknown = JSON.parse(json.out)
  assert.deepEqual(Reflect.get(Object(outcome), 'code'), 0)
})

test('the screen shows stage, address, the policy in force and what was left out, and the books', async () => {
  const world = new World()
  toComplete(world)
  const home = await saved('screen', world.state)
  const { out } = await type(['screen', '--dir', home])
  for (const text of ['active', '2100000A', 'alice@example.test', 'Example Organisation', 'number 5'])
    assert(out.includes(text), text)
  assert(out.includes('password_min_length|6\n'))
  assert(out.includes('CMIME|S00000001-CMIME|CMIME|yes\n'))
  const json = await type(['screen', '--dir', home], { format: 'json' })
  assert.deepEqual(JSON.parse(json.out), JSON.parse(JSON.stringify(viewOf(world.state))))
  assert.equal(faultCodeOf((await type(['screen', '--dir', join(dir, 'nobody')])).error), 'handheld.idle')
})

test('the view of a failed try names its code beside the account that still works', () => {
  const world = new World()
  toComplete(world)
  toConfirming(world, script({ kid: 78 }))
  world.pass(25 * 3_600_000)
  const view = viewOf(world.state)
  assert.deepEqual([view.stage, view.failure?.code], ['failed', 22])
  assert.deepEqual([view.organisation, known(view.policy).number], ['Example Organisation', 5])
})

test('exit codes tell kinds apart: done, failed, not heard, cancelled', () => {
  const codes = [0, 10, 12, 'asked', 1, 21, 22, 'interrupted'] as const
  assert.deepEqual(
    codes.map((code) => exitOf(code)),
    [null, 'failed', 'failed', 'failed', 'unavailable', 'unavailable', 'unavailable', 'cancelled'],
  )
})

test('the answer for programs names the code', () => {
  const outcome = { text: 'x', shown: [], stage: 'failed', pin: null, txn: null, elapsedMs: 1 } as const
  assert.equal(outcomeJson({ ...outcome, code: 5 }).name, 'E05')
  assert.equal(outcomeJson({ ...outcome, code: 0 }).name, 'complete')
  assert.equal(outcomeJson({ ...outcome, code: 'asked' }).name, 'asked')
})

test('options name the relay before the file does; a CA is looked for beside the file', async () => {
  const path = join(dir, 'trust.json')
  await writeFile(join(dir, 'ca.pem'), 'PEM')
  await writeFile(
    path,
    relayTrustText({ url: 'wss://relay.example.test:8443', relayId: 'relay.example.test', caFile: 'ca.pem' }),
  )
  assert.deepEqual(await loadRelayTrust(path, {}), {
    url: 'wss://relay.example.test:8443',
    relayId: 'relay.example.test',
    ca: 'PEM',
  })
  const other = await loadRelayTrust(path, { url: 'wss://other.test', relayId: 'other.test' })
  assert.deepEqual([other.url, other.relayId], ['wss://other.test', 'other.test'])
  for (const options of [
    { url: 'https://relay.example.test' },
    { relayId: 'Not A Name' },
    { caFile: join(dir, 'none.pem') },
  ])
    await assert.rejects(loadRelayTrust(path, options), (error) => faultCodeOf(error) === 'handheld.no_relay')
  await writeFile(path, 'no JSON')
  await assert.rejects(loadRelayTrust(path, {}), (error) => faultCodeOf(error) === 'handheld.no_relay')
})

test('a line that moves is drawn on a terminal alone, and taken away before a text is printed', async () => {
  const written: string[] = []
  const output = (isTTY: boolean, name: string) => ({
    isTTY,
    write: (text: string) => written.push(name + text),
  })
  const clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} }
  for (const isTTY of [true, false]) {
    written.length = 0
    const io = { format: 'table', clock, stdout: output(isTTY, 'o'), stderr: output(isTTY, 'e') } as const
    const line = startProgressLine(io)
    line.print('Activating')
    await line.hidden(async () => written.push('asked'))
    line.stop()
    const drawn = [
      'oActivating\n',
      'e\r\u001b[K/ 0 s',
      'e\r\u001b[K',
      'asked',
      'e\r\u001b[K- 0 s',
      'e\r\u001b[K',
    ]
    assert.deepEqual(written, isTTY ? drawn : ['oActivating\n', 'asked'])
  }
})
