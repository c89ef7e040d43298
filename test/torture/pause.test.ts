/** Processes that are stopped for longer than their peers have patience, and go on as if nothing had been. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { memoryStorage } from '#handheld/storage.ts'
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

test('stopped longer than its peers are patient, each part goes on when it may', { timeout }, async (t) => {
  const { data, users } = await prepare(t, cases.length + 2)
  const site = await startSite(t, { layout: 'apart', data, env, logLevel: 'info' })
  for (const [i, [name, commands, noticed]] of cases.entries())
    await t.test(name, () => pausedUnder(site, commands, noticed, userAt(users, i)))
  await t.test(
    'of an agent and the one that replaced it meanwhile the relay hears one, and tells the other',
    (t) => replaced(t, site, userAt(users, cases.length), userAt(users, cases.length + 1)),
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

/** The first agent holds its connection and its old lease while a second one works. */
async function replaced(t: TestContext, site: Site, first: User, second: User): Promise<void> {
  const old = site.process('agent')
  signal(old, 'SIGSTOP')
  await site.start('agent', [`admin.socket=${join(site.data, 'second.sock')}`])
  const settle = await complete(old, first)
  signal(old, 'SIGCONT')
  // Where the relay had given the old one up before the new one came, the old one dials again and takes the place.
  const displaced = () => [old, site.process('agent')].filter((one) => one.log().includes('relay.displaced'))
  await eventually(
    async () => displaced().length === 1,
    'one of the two is told that the other took its place',
  )
  await settle()
  // Both look into the mailboxes now; one of them is heard by the relay.
  await (await complete(old, second))()
  t.diagnostic('one agent was told relay.displaced, and nothing was applied twice')
}

/** Activates; what it returns holds the outcome against what the server says. */
async function complete(postkey: Postkey, { address, password }: User): Promise<() => Promise<void>> {
  const storage = memoryStorage()
  const outcome = await activate(postkey, address, password, { storage, clock: hurriedClock(hurry) })
  return async () => assertOnce({ postkey, outcome, saved: await storage.load(), user: address })
}

const signal = (postkey: Postkey, name: NodeJS.Signals): boolean => process.kill(postkey.process.pid, name)
