/** Where the parts are processes of their own and one of them is gone: `activation explain` names it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ExplainedActivation } from '#admin/views.ts'
import { parseSrpId } from '#kernel/brand.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import { untilExplained } from '../support/e2e-cli.ts'
import { press } from '../support/e2e-handheld.ts'
import { startSite } from '../support/e2e-site.ts'
import { freePorts } from '../support/ports.ts'
import { type Postkey, startPostkey } from '../support/postkey.ts'
import { temporaryDirectory } from '../support/store.ts'

type Role = 'smtp' | 'imap' | 'relay' | 'agent'

test('a part that is gone is named', { timeout: 150_000 }, async (t) => {
  const { site, start } = await startApart(t)
  await Promise.all([start('smtp'), start('imap')])
  const relay = await start('relay')
  const agent = await start('agent')
  const address = 'apart@held.test'
  const password = await agent.addUser(address)

  await t.test('a relay that cannot be reached is named', async () => {
    const mail = site.hold(address)
    await press(relay, address, password)
    await mail.caught
    await relay.kill()
    await mail.release()
    await untilExplained(agent, address, 'relay.unreachable', 'relay')
  })

  await t.test('an SRP id that is disabled is named', async () => {
    await disable(agent.data, 'S00000001')
    await start('relay')
    await untilExplained(agent, address, 'relay.suspended', 'administrator')
  })

  await t.test(
    'an agent that hangs or does not run is named, by a command that works without it',
    async () => {
      await agent.kill()
      const said = await agent.json<ExplainedActivation>('activation', 'explain', address)
      assert.equal(said.explanation.code, 'agent.behind')
      assert.equal(said.explanation.turn, 'administrator')
      assert.match(said.explanation.next, /postkey serve/)
    },
  )
})

/** As the relay's operator does it, from another process. */
async function disable(data: string, typed: string): Promise<void> {
  const srpId = parseSrpId(typed)
  assert(srpId)
  const store = openSqliteStore({ path: join(data, 'postkey.db'), writer: 'inline', nowMs: Date.now })
  assert.equal(await store.relay.suspend(srpId, 'by its operator'), true)
  await store.close()
}

async function startApart(t: TestContext) {
  const site = await startSite(t)
  const [smtp, imap, imapTls, relay] = await freePorts(4)
  site.deliverTo(smtp ?? 0)
  const set = [
    ...site.set,
    `smtp.port=${smtp}`,
    `imap_server.port=${imap}`,
    `imap_server.tls_port=${imapTls}`,
    `relay.port=${relay}`,
  ]
  const data = temporaryDirectory(t)
  const start = (command: Role): Promise<Postkey> => startPostkey(t, { command, data, set })
  return { site, start }
}
