import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { exitOf, outcomeJson } from '#handheld/cli-activate.ts'
import { sayAir } from '#handheld/cli-air.ts'
import { knownRules } from '#handheld/rule-table.ts'
import { loadRelayTrust, relayTrustText } from '#handheld/trust.ts'
import { type HandheldDetails, viewOf } from '#handheld/view.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { ackStatus } from '#protocol/ack.ts'
import { dir, inService, relay, saved, type } from './command-line.ts'
import { toComplete, toConfirming } from './run-through.ts'
import { known, script, World } from './world.ts'

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

test('a handheld that stays on the air says that nothing is activated on it, and once that it waits for the relay', async () => {
  const remarks: string[] = []
  const stderr = { write: (text: string) => remarks.push(text) }
  await saved('bare', new World().state)
  await type(['run', '--seconds', '3', ...relay, '--dir', 'bare'], { stderr })
  assert.deepEqual(remarks, [
    'Nothing is activated on this handheld. Activate it: postkey handheld activate --email ADDRESS --dir bare\n',
    'The relay is not reached: this handheld tries again by itself. Ctrl-C ends it.\n',
  ])
  remarks.length = 0
  await saved('served', inService().state)
  await type(['run', '--seconds', '1', ...relay, '--dir', 'served'], { stderr })
  assert.equal(remarks.length, 1)
})

test('each time the line to the relay comes or goes is told once', () => {
  const remarks: string[] = []
  const say = sayAir({ remark: (text) => remarks.push(text) }, 'relay.example.test', () => '2100AB3F')
  for (const state of ['ready', 'unreachable', 'unreachable', 'too_many', 'ready'] as const) say(state)
  assert.deepEqual(
    remarks.map((text) => text.split(':')[0]),
    [
      'On the air as 2100AB3F, by the relay relay.example.test.',
      'The relay is not reached',
      'On the air as 2100AB3F, by the relay relay.example.test.',
    ],
  )
})

test('the screen tells the last command, a wipe and a refusal in words and in local time', async () => {
  const world = inService()
  const account = known(world.state.account)
  const nowMs = world.nowMs
  world.state = {
    ...world.state,
    account: {
      ...account,
      command: {
        name: 'set_owner',
        number: 97,
        hash: new Uint8Array(32),
        status: ackStatus.accepted,
        leftOut: [],
      },
      wipe: { scope: 'everything', takenAtMs: nowMs, dueMs: nowMs + 3_600_000, receipted: true },
    },
    refusal: { what: 'policy', status: 4, reason: null, atMs: 0 },
  }
  await saved('words', world.state)
  const { out } = await type(['screen', '--dir', 'words'], { moment: (atMs) => `LOCAL+${atMs}` })
  assert(out.includes('last command  set owner, taken (number 97)\n'), out)
  assert(out.includes(`wipe          everything, begins LOCAL+${nowMs + 3_600_000}\n`), out)
  assert(out.includes('refused       a policy: its number is not newer than what is here, LOCAL+0\n'), out)
})

test('a rule of no age says that a password never grows too old', () => {
  assert.equal(knownRules.get('password_max_age_days')?.means(0), 'a password never grows too old')
  assert.equal(knownRules.get('password_max_age_days')?.means(1), 'a password lasts 1 day')
})
