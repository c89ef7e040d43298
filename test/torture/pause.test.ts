/** Processes that are stopped for longer than their peers have patience, and go on as if nothing had been. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { memoryStorage } from '#handheld/storage.ts'
import type { FaultCode } from '#kernel/fault.ts'
import { assertOnce } from '../support/crash-checks.ts'
import { hurriedClock } from '../support/e2e-clock.ts'
import { eventually } from '../support/e2e-world.ts'
import { activate, type Postkey } from '../support/postkey.ts'
import type { User } from './load-activations.ts'
import { prepare } from './prepare.ts'
import { type Command, type Site, startSite } from './site.ts'

const timeout = 170_000
/** A ping that is not answered ends a connection after 75 s; so hurried, after 5. */
const hurry = 15
const pauseMs = 7_000
const preload = pathToFileURL(join(import.meta.dirname, 'hurried-preload.ts')).href
const env = { NODE_OPTIONS: `--import=${preload}`, TEST_HURRY: String(hurry) }
const lost = /"message":"the connection to the relay has ended"/

const cases: readonly (readonly [string, readonly Command[], noticed: boolean])[] = [
  ['the relay', ['relay'], true],
  ['the agent', ['agent'], true],
  ['the mail server', ['smtp', 'imap'], false],
]

/** The relay closes the old line when another logs in; where it gave it up before, the old agent finds its lease gone. */
const heirs = [
  { when: 'at once', afterMs: 0, code: 'relay.displaced' },
  { when: 'after a while', afterMs: pauseMs, code: 'relay.fenced' },
] as const

test('stopped longer than its peers are patient, each part goes on when it may', { timeout }, async (t) => {
  const { data, users } = await prepare(t, cases.length + heirs.length * 2)
  const site = await startSite(t, { layout: 'apart', data, env, logLevel: 'info' })
  for (const [i, [name, commands, noticed]] of cases.entries())
    await t.test(name, () => pausedUnder(site, commands, noticed, userAt(users, i)))
  for (const [i, { when, afterMs, code }] of heirs.entries())
    await t.test(`an agent that another replaced ${when} is not heard when it wakes, and says why`, (t) =>
      replaced(t, site, { afterMs, code, users: users.slice(cases.length + i * 2) }),
    )
})

const userAt = (users: readonly User[], at: number): User =>
  users[at] ?? assert.fail(`there is no user ${at}`)

async function pausedUnder(
  site: Site,
  commands: readonly Command[],
  noticed: boolean,
  user: User,
): Promise<void> {
  const losses = () => [...site.process('agent').log().matchAll(new RegExp(lost, 'g'))].length
  const before = losses()
  for (const command of commands) signal(site.process(command), 'SIGSTOP')
  const activation = complete(site.main(), user)
  await after(pauseMs)
  for (const command of commands) signal(site.process(command), 'SIGCONT')
  await (await activation)()
  if (noticed) await eventually(async () => losses() > before, 'the peer had lost patience')
}

interface Heir {
  readonly afterMs: number
  readonly code: FaultCode
  readonly users: readonly User[]
}

/** The first agent, which holds its old lease, wakes while a second one works. */
async function replaced(t: TestContext, site: Site, { afterMs, code, users }: Heir): Promise<void> {
  const old = site.process('agent')
  signal(old, 'SIGSTOP')
  await after(afterMs)
  await site.start('agent', [`admin.socket=${join(site.data, `heir-${code}.sock`)}`])
  const heir = site.process('agent')
  const settle = await complete(heir, userAt(users, 0))
  signal(old, 'SIGCONT')
  await eventually(async () => old.log().includes(code), 'the old one is told that another took its place')
  await settle()
  // Both look into the mailboxes now; the relay hears the heir alone.
  await (await complete(heir, userAt(users, 1)))()
  assert.doesNotMatch(heir.log(), /relay\.(?:displaced|fenced)/)
  const checks = (await (await old.admin()).status()).checks.map((check) => check.code)
  assert.ok(checks.includes(code), `its status says nothing: ${checks.join(', ')}`)
  t.diagnostic('nothing was applied twice')
  for (const agent of [old, heir]) await agent.stop()
  await site.start('agent')
}

/** Activates; what it returns holds the outcome against what the server says. */
async function complete(postkey: Postkey, { address, password }: User): Promise<() => Promise<void>> {
  const storage = memoryStorage()
  const outcome = await activate(postkey, address, password, { storage, clock: hurriedClock(hurry) })
  return async () => assertOnce({ postkey, outcome, saved: await storage.load(), user: address })
}

const signal = (postkey: Postkey, name: NodeJS.Signals): boolean => process.kill(postkey.process.pid, name)
