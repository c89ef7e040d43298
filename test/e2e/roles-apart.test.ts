// `postkey smtp`, `imap`, `relay` and `agent` as processes of their own over one data directory.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { assertFound, watches } from '../support/each-watch.ts'
import { freePorts } from '../support/ports.ts'
import { activate, bin, goodScreens, type Postkey, screensOf, startPostkey } from '../support/postkey.ts'
import { run } from '../support/process.ts'
import { temporaryDirectory } from '../support/store.ts'

interface Site {
  readonly data: string
  /** `--set` values: where each role listens, so that the others find it. */
  readonly set: readonly string[]
}

const stopMs = 20_000
const anyPorts = ['smtp.port=0', 'imap_server.port=0', 'imap_server.tls_port=0', 'relay.port=0']

test('four processes over one data directory work as one server', async (t) => {
  const site = await newSite(t)
  // All at once and on empty data, as after the first boot.
  const others = await Promise.all(['smtp', 'imap', 'relay'].map((role) => startRole(t, site, role)))
  for (const [i, watch] of watches.entries()) {
    const user = `user${i}@example.test`
    await t.test(`a handheld activates ${watch.name}`, async (t) => {
      const agent = await startRole(t, site, 'agent', watch.set)
      const outcome = await activate(agent, user, await agent.addUser(user))
      assert.deepEqual(screensOf(outcome), goodScreens(user))
      await assertFound(agent, user, watch)
      if (i === 0) await t.test('commands speak with the agent', () => speaksWithAgent(agent))
      if (i === 0) await t.test('a second server is refused', () => refusesSecond(site))
      assert.deepEqual(await agent.process.stop(stopMs), { code: 0, signal: null })
    })
  }
  await t.test('each ends with exit code 0 when it is told to', async () => {
    for (const { process } of others)
      assert.deepEqual(await process.stop(stopMs), { code: 0, signal: null }, process.output())
  })
})

test('a server whose port is taken says so and ends, with all that had started', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  const address = other.address()
  assert(address && typeof address === 'object')
  const data = temporaryDirectory(t)
  const set = [`server.data_dir=${data}`, ...anyPorts, `relay.port=${address.port}`]
  const args = set.flatMap((value) => ['--set', value])
  const { code, stderr } = await run(bin, [...args, 'serve'], { cwd: data })
  assert.notEqual(code, 0)
  assert.match(stderr, /listen\.in_use/)
})

async function newSite(t: TestContext): Promise<Site> {
  const [smtp, imap, imapTls, relay] = await freePorts(4)
  return {
    data: temporaryDirectory(t),
    set: [
      `smtp.port=${smtp}`,
      `imap_server.port=${imap}`,
      `imap_server.tls_port=${imapTls}`,
      `relay.port=${relay}`,
    ],
  }
}

const startRole = (
  t: TestContext,
  { data, set }: Site,
  command: string,
  more: readonly string[] = [],
): Promise<Postkey> => startPostkey(t, { command, data, set: [...set, ...more] })

/** Of the four only the agent knows how its connection to the relay is. */
async function speaksWithAgent(agent: Postkey): Promise<void> {
  const { checks } = await agent.json<{ checks: { name: string; health: string }[] }>('status')
  const relay = checks.find(({ name }) => name === 'relay localhost')
  assert.equal(relay?.health, 'ok')
}

async function refusesSecond({ data }: Site): Promise<void> {
  const trustFile = join(data, 'handheld.json')
  const trust = readFileSync(trustFile, 'utf8')
  const args = [`server.data_dir=${data}`, ...anyPorts].flatMap((value) => ['--set', value])
  for (const command of ['agent', 'serve']) {
    const { code, stderr } = await run(bin, [...args, command], { cwd: data })
    assert.notEqual(code, 0)
    assert.match(stderr, /admin\.running/)
  }
  assert.equal(readFileSync(trustFile, 'utf8'), trust, 'handhelds still find the first relay')
}
