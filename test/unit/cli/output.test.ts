import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { Hop } from '#activation/hop.ts'
import type { ActivationCases } from '#admin/admin.ts'
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import { raise, startMs } from '../admin/installation.ts'
import { type Console, openConsole } from './console.ts'
import { waiting } from './explained.ts'

const alice = 'alice@example.test' as MailAddress
const txn = '5f2c9a10aabbccddeeff001122334455' as ActivationId

let site: Console
beforeEach(() => {
  site = openConsole()
})
afterEach(() => site.close())

const explaining = (explained = waiting) => {
  const activations: ActivationCases = { ...site.admin.activations, explain: async () => explained }
  return { activations }
}

test('explain says where it stands, whose turn it is, since when, why and what next, then hop by hop', async () => {
  const { code, out, err } = await site.run(['activation', 'explain', alice], { admin: explaining() })
  assert.equal(err, '')
  assert.equal(code, 0)
  assert.equal(
    out,
    `alice@example.test
  activation  5f2c9a10aabbccddeeff001122334455
  handheld    2100AB3F
  stage       waiting for services
  turn        handheld
  since       2026-01-05T13:56:47+01:00 (3 min ago)
  why         The IT policy was sent and the handheld has not yet reported that
              it applied it.
  next        Nothing at first: it is sent again by itself. If it stays, check
              that the handheld is on the air.
  retry       by itself, 2026-01-05T14:00:45+01:00 (in 45 s)
  code        policy.not_acknowledged

  2026-01-05
  13:56:40.000                  user pressed Activate     alice@example.test
  13:56:40.180  180 ms ▎        relay mailed the request
  13:56:45.000   4.8 s ████████ mail in the mailbox       user/alice@example.test
  13:56:45.040   40 ms ▏        server saw the mail       found by hint
  13:56:47.000   2.0 s ███▎     IT policy sent            number 4294967297
  in all         7.0 s
`,
  )
})

test('a time that is known to the second alone is shown so, and so is what it makes of a duration', async () => {
  const [pressed, mailed, inMailbox, seen, ...rest] = waiting.timeline
  assert(pressed && mailed && inMailbox && seen)
  const coarse = { toSecond: true } as const
  const timeline = [{ ...pressed, ...coarse }, mailed, { ...inMailbox, ...coarse }, seen, ...rest]
  const explained = { ...waiting, timeline }
  const { out } = await site.run(['activation', 'explain', alice], { admin: explaining(explained) })
  assert.equal(
    out.slice(out.indexOf('  13:56:40')),
    `  13:56:40                     user pressed Activate     alice@example.test
  13:56:40.180  < 1 s          relay mailed the request
  13:56:45       ~5 s ████████ mail in the mailbox       user/alice@example.test
  13:56:45.040  < 1 s          server saw the mail       found by hint
  13:56:47.000  2.0 s ███▎     IT policy sent            number 4294967297
  in all         ~7 s
`,
  )
})

const longest: Hop = {
  name: "handheld has the server's answer (M2)",
  atMs: startMs,
  tookMs: 3_599_000,
  detail: 'PIN 2100AB3F',
}

test('on a narrow terminal details follow the names, and a short name leaves room to read them', async () => {
  const long = { ...waiting, timeline: [...waiting.timeline, longest] }
  const { out } = await site.run(['activation', 'explain', alice], {
    admin: explaining(long),
    columns: 80,
    env: { NO_COLOR: '1' },
  })
  assert.match(out, /mail in the mailbox {2}user\/alice@example\.te/)
  assert.match(out, /59 min 59 s .*handheld has the server's answer \(M2\)/)
  assert.ok(out.split('\n').every((line) => line.length <= 80))
})

test('explain fits a terminal of 80 columns', async () => {
  const { out } = await site.run(['activation', 'explain', alice], {
    admin: explaining(),
    columns: 80,
    env: { NO_COLOR: '1' },
  })
  assert.ok(out.includes('mail in the mailbox'))
  assert.ok(out.split('\n').every((line) => line.length <= 80))
})

test('explain as JSON is the whole answer', async () => {
  const { out } = await site.run(['-o', 'json', 'activation', 'explain', alice], { admin: explaining() })
  assert.deepEqual(JSON.parse(out), waiting)
})

test('users are a plain table for pipes and a list in JSON', async () => {
  await site.admin.users.add({ address: alice, displayName: 'Alice Liddell' })
  await site.admin.passwords.generate(alice, { hours: 5 })
  await site.admin.users.add({ address: 'bob@example.test' })
  const { out } = await site.run(['user', 'list'])
  assert.equal(
    out,
    `ADDRESS             NAME           PASSWORD
alice@example.test  Alice Liddell  open, expires in 5 h
bob@example.test                   none
`,
  )
  const json = JSON.parse((await site.run(['user', 'list', '-o', 'json'])).out)
  assert.deepEqual(
    json.map((user: { address: string; password: { state: string } | null }) => [
      user.address,
      user.password?.state,
    ]),
    [
      [alice, 'open'],
      ['bob@example.test', undefined],
    ],
  )
})

test('a table gives way to the width of the terminal', async () => {
  await site.admin.users.add({ address: alice, displayName: 'A very long display name '.repeat(5).trim() })
  const { out } = await site.run(['user', 'list'], { columns: 60, env: { NO_COLOR: '1' } })
  assert.ok(
    out.split('\n').every((line) => line.length <= 60),
    out,
  )
  assert.ok(out.includes(alice))
})

test('colours appear on a terminal only, and never with NO_COLOR', async () => {
  await site.admin.users.add({ address: alice })
  const show = ['user', 'show', alice]
  assert.ok((await site.run(show, { columns: 80 })).out.includes('\u001b[1m'))
  assert.ok(!(await site.run(show, { columns: 80, env: { NO_COLOR: '1' } })).out.includes('\u001b'))
  assert.ok(!(await site.run(show)).out.includes('\u001b'))
})

test('text from outside cannot steer the terminal', async () => {
  await site.admin.users.add({ address: alice, displayName: 'x\u001b[2Jy\u202e' })
  for (const command of [['list'], ['show', alice]]) {
    const { out } = await site.run(['user', ...command])
    assert.ok(out.includes('x [2Jy\\u202e'), out)
  }
})

test('an error says what happened, what to do next, and its code', async () => {
  const { code, out, err } = await site.run(['user', 'show', 'bob@example.test'])
  assert.equal(code, 3)
  assert.equal(out, '')
  assert.equal(
    err,
    `postkey: There is no user with this address. (bob@example.test)
  next  Look at \`postkey user list\`.
  code  user.unknown
`,
  )
  const json = JSON.parse((await site.run(['-o', 'json', 'user', 'show', 'bob@example.test'])).err)
  assert.equal(json.error.code, 'user.unknown')
})

test('a mistake of our own shows where it happened', async () => {
  const status = async (): Promise<never> => {
    throw new TypeError('oops')
  }
  const { code, err } = await site.run(['status'], { admin: { status } })
  assert.equal(code, 70)
  assert.match(err, /internal\.invariant[\s\S]*TypeError: oops\n {4}at /)
})

test('status shows what is broken first and exits 1', async () => {
  const { code, out } = await site.run(['status'])
  assert.equal(code, 1)
  assert.equal(
    out,
    `BROKEN     server
           No running server answers on the admin socket.
           next  Start one with \`postkey serve\`, or check \`[admin] socket\`.
           code  admin.no_server
ok         database: Keeps what is written.
ok         work: No work is overdue.
ok         mailboxes: 0 mailboxes watched.
ok         activations: 0 activations open, 0 failed in the last 24 hours.

0 users, 0 passwords open, 0 activations under way, 0 handhelds
`,
  )
})

test('watch prints one line per change, as words or as NDJSON', async () => {
  await raise(site, txn, null, { kind: 'relay_mailed', address: alice, atMs: startMs })
  for (const format of ['table', 'json']) {
    const stop = new AbortController()
    const watch = site.admin.activations.watch
    const admin = {
      activations: {
        ...site.admin.activations,
        watch: async function* (...args: Parameters<typeof watch>) {
          for await (const view of watch(...args)) {
            yield view
            stop.abort()
          }
        },
      },
    }
    const { code, out } = await site.run(['activation', 'watch', '-o', format], {
      admin,
      deps: { stop: stop.signal },
    })
    assert.equal(code, 0)
    if (format === 'json') assert.equal(JSON.parse(out).id, txn)
    else
      assert.equal(
        out,
        '14:00:00.000  alice@example.test  activating  The relay has mailed the request; it is on its way to the mailbox.\n',
      )
  }
})
