/** Relay, agent and the two halves of the mail server as processes of their own over one database; each dies once. */
import { type TestContext, test } from 'node:test'
import { memoryStorage } from '#handheld/storage.ts'
import { assertOnce } from '../support/crash-checks.ts'
import { copyData, diesAt, makeTemplate, passwordOf } from '../support/crash-world.ts'
import { freePorts } from '../support/ports.ts'
import { activate, type Postkey, startPostkey } from '../support/postkey.ts'

type Role = 'relay' | 'smtp' | 'imap' | 'agent'

/** The relay comes last: who was connected to it dials again a little later after each time it went. */
const deaths: readonly (readonly [Role, string])[] = [
  ['agent', 'agent.after_judged_commit'],
  ['smtp', 'smtp.after_commit'],
  ['relay', 'relay.after_packet_stored#3'],
]
const roles: readonly Role[] = ['relay', 'smtp', 'imap', 'agent']
const userOf = (role: Role): string => `${role}@example.test`

test('where each role is a process of its own, any of them may be killed: the activation completes once', async (t) => {
  const template = await makeTemplate(
    t,
    deaths.map(([role]) => userOf(role)),
  )
  const site = await startSite(t, await copyData(t, template))
  for (const [role, point] of deaths)
    await t.test(`the ${role} killed at ${point}`, async () => {
      await site.process(role).kill()
      await site.start(role, point)
      const user = userOf(role)
      const storage = memoryStorage()
      const activation = activate(site.process('relay'), user, passwordOf(template, user), { storage })
      await diesAt(site.process(role).process, point)
      await site.start(role)
      const postkey = site.process('agent')
      await assertOnce({ postkey, outcome: await activation, saved: await storage.load(), user })
    })
})

interface Site {
  start(role: Role, failpoint?: string): Promise<void>
  /** The newest process of this role. */
  process(role: Role): Postkey
}

async function startSite(t: TestContext, data: string): Promise<Site> {
  const [smtp, imap, imapTls, relay] = await freePorts(4)
  const set = [
    `smtp.port=${smtp}`,
    `imap_server.port=${imap}`,
    `imap_server.tls_port=${imapTls}`,
    `relay.port=${relay}`,
  ]
  const processes = new Map<Role, Postkey>()
  const site: Site = {
    start: async (role, failpoint) => {
      const options = { data, set, command: role, ...(failpoint ? { failpoint } : {}) }
      processes.set(role, await startPostkey(t, options))
    },
    process: (role) => {
      const running = processes.get(role)
      if (!running) throw new Error(`no ${role} was started`)
      return running
    },
  }
  for (const role of roles) await site.start(role)
  return site
}
