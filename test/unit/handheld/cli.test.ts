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
import { openHandheldDirectory } from '#handheld/file.ts'
import { startProgressLine } from '#handheld/progress-line.ts'
import { loadRelayTrust, relayTrustText } from '#handheld/trust.ts'
import { type HandheldDetails, viewOf } from '#handheld/view.ts'
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

/** One that is in service and has the password its policy requires. */
function inService(): World {
  const world = new World()
  world.nowMs = Date.now()
  toComplete(world)
  world.raise({ kind: 'set_password', old: '', password: 'mine alone' })
  return world
}

const detailsOf = (world: World): HandheldDetails => known(viewOf(world.state, world.nowMs).details)

test('the screen shows stage, address, the policy in force and what was left out, and the books', async () => {
  const world = inService()
  const home = await saved('screen', world.state)
  const { out } = await type(['screen', '--dir', home])
  for (const text of ['active', '2100000A', 'alice@example.test', 'Example Organisation', 'number 5'])
    assert(out.includes(text), text)
  assert(out.includes('Activation Complete\n'))
  assert(out.includes('password_min_length|6|a password has at least 6 characters|obeyed\n'))
  assert(out.includes('CMIME|S00000001-CMIME|CMIME|yes\n'))
  const json = await type(['screen', '--dir', home], { format: 'json' })
  assert.deepEqual(JSON.parse(json.out), JSON.parse(JSON.stringify(viewOf(world.state, world.nowMs))))
  assert.equal(faultCodeOf((await type(['screen', '--dir', join(dir, 'nobody')])).error), 'handheld.idle')
})

test('the view of a failed try names its code beside the account that still works', () => {
  const world = inService()
  toConfirming(world, script({ kid: 78 }))
  world.pass(25 * 3_600_000)
  assert.equal(viewOf(world.state, world.nowMs).stage, 'failed')
  const { failure, organisation, policy } = detailsOf(world)
  assert.deepEqual([failure?.code, organisation, known(policy).number], [22, 'Example Organisation', 5])
})

test('the view of a refusal names its status and reason, for policy and command alike', () => {
  const world = inService()
  for (const what of ['policy', 'command'] as const) {
    const refusal = { what, status: 2, reason: 'bad_chain', atMs: 0 }
    world.state = { ...world.state, refusal }
    const { refused } = detailsOf(world)
    assert.deepEqual(
      [refused?.what, refused?.status, refused?.says],
      [what, 2, 'its signature, chain or signer did not verify (bad_chain)'],
    )
  }
})

test('behind a lock, or before a password that is required, nothing is shown but whose the handheld is', async () => {
  const world = new World()
  world.nowMs = Date.now()
  toComplete(world)
  const home = await saved('gate', world.state)
  const file = async (name: string, text: string) => {
    await writeFile(join(dir, name), `${text}\n`)
    return name
  }
  const [good, bad, short] = [
    await file('good', 'mine alone'),
    await file('bad', 'x'),
    await file('short', 'abc'),
  ]
  const before = await type(['screen', '--dir', home])
  assert(before.out.includes('requires a password') && !before.out.includes('alice'))
  const tooShort = await type(['set-password', '--new-file', short, '--dir', home])
  assert.deepEqual([tooShort.out, tooShort.exits], ['This password is too short.\n', ['failed']])
  const set = await type(['set-password', '--new-file', good, '--dir', home])
  assert.deepEqual([set.out, set.exits], ['The password was set.\n', []])
  assert((await type(['screen', '--dir', home])).out.includes('alice@example.test'))
  assert.equal((await type(['lock-screen', '--dir', home])).out, 'Locked\n')
  const behind = JSON.parse((await type(['screen', '--dir', home], { format: 'json' })).out)
  assert.deepEqual(
    [behind.shows, behind.locked, behind.details, behind.text],
    ['locked', true, null, 'Locked'],
  )
  const activate = [
    'activate',
    '--email',
    'bob@example.test',
    '--password-file',
    good,
    '--dir',
    home,
    ...relay,
  ]
  assert.equal(faultCodeOf((await type(activate)).error), 'handheld.locked')
  const wrong = await type(['unlock', '--password-file', bad, '--dir', home])
  assert.deepEqual([wrong.out, wrong.exits], ['The password is not right.\n', ['failed']])
  assert.equal((await type(['unlock', '--password-file', good, '--dir', home])).out, 'Unlocked\n')
  assert((await type(['screen', '--dir', home])).out.includes('alice@example.test'))
  const remove = await type(['set-password', '--old-file', good, '--remove', '--dir', home])
  assert.deepEqual([remove.out, remove.exits], ['Your organisation requires a password.\n', ['failed']])
})

test('what is asked for at the lock can be cancelled, and needs a terminal or a file', async () => {
  const home = await saved('ask', inService().state)
  const asked = ['unlock', '--dir', home]
  assert.equal(faultCodeOf((await type(asked)).error), 'admin.usage')
  assert.deepEqual((await type(asked, { canAsk: true })).exits, ['cancelled'])
  const typedIn = { canAsk: true, askPassword: async () => 'mine alone' }
  assert.equal((await type(asked, typedIn)).out, 'Unlocked\n')
})

test('a handheld that stays on the air ends when its time is over, and there must be one', async () => {
  const run = ['run', '--seconds', '1', ...relay]
  assert.equal(faultCodeOf((await type([...run, '--dir', join(dir, 'nobody')])).error), 'handheld.idle')
  const home = await saved('stay', inService().state)
  const { out, exits } = await type([...run, '--dir', home], { format: 'json' })
  assert.deepEqual([JSON.parse(out).ended, exits], ['stopped', []])
})

test('exit codes tell kinds apart: done, failed, not heard, cancelled', () => {
  const codes = [0, 10, 12, 'asked', 'erased', 1, 21, 22, 'interrupted'] as const
  assert.deepEqual(
    codes.map((code) => exitOf(code)),
    [null, 'failed', 'failed', 'failed', 'failed', 'unavailable', 'unavailable', 'unavailable', 'cancelled'],
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
