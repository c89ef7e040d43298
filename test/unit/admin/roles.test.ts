/** Every operation with every role, over the real socket: nobody can do more than the row says, and nobody less. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { mayDo, operationRoles, roleNames } from '#admin/access/roles.ts'
import { serveAdmin } from '#admin/socket/server.ts'
import { silentLog } from '#kernel/log.ts'
import { call, operationNames } from './call.ts'
import { everyOperation } from './every-operation.ts'
import { addHandheld } from './handheld-at-work.ts'
import { type Installation, openInstallation, startMs } from './installation.ts'
import { fakeMail, fakeRelay, fakeRotation } from './neighbours.ts'
import { postAdmin } from './post.ts'

type Role = (typeof roleNames)[number]

async function withSocket(
  work: (site: Installation, socketPath: string, tokens: ReadonlyMap<Role, string>) => Promise<void>,
): Promise<void> {
  const site = openInstallation({ mail: fakeMail(), relay: fakeRelay(), rotateStorageKey: fakeRotation })
  const socketPath = join(site.directory, 'group.sock')
  const server = await serveAdmin({ socketPath, desk: site.desk, log: silentLog, forGroup: true })
  const tokens = new Map<Role, string>()
  for (const role of roleNames)
    tokens.set(role, (await site.admin.tokens.add({ name: `as-${role}`, role, hours: 1 })).token)
  try {
    await work(site, socketPath, tokens)
  } finally {
    await server.close()
    await site.close()
  }
}

/** All that an act leaves behind, but for the audit log itself. */
const state = async ({ store }: Installation): Promise<string> =>
  JSON.stringify([
    await store.users.list(),
    await store.users.newestGrants(),
    await store.access.list(),
    await store.accounts.list(),
    await store.accounts.tokens(),
    await store.handhelds.list(),
    await store.policies.list(),
    await store.policies.assignments(),
    await store.queue.list({ limit: 100 }),
  ])

for (const name of operationNames)
  test(`${name} is done for those whose row says so, and for nobody else`, () =>
    withSocket(async (site, socketPath, tokens) => {
      const { args, first = [], handheld } = everyOperation[name] ?? assert.fail(`${name} has no arguments`)
      if (handheld) await addHandheld(site.store, startMs)
      for (const [before, ...given] of first) await call(site.admin, before, given)
      const before = await state(site)
      const ask = (token: string | undefined) =>
        postAdmin(
          socketPath,
          name,
          JSON.stringify(args('a secret of ours')),
          token,
          name === 'activations.watch',
        )
      for (const role of roleNames.filter((one) => !operationRoles[name]?.includes(one))) {
        assert.match(await ask(tokens.get(role)), /^\{"fault":\{"code":"admin\.not_allowed"/, role)
        assert.equal(await state(site), before, `${role} changed nothing`)
      }
      assert.match(await ask(undefined), /"code":"admin\.unauthenticated"/)
      assert.match(await ask(`${tokens.get('security')}0`), /"code":"admin\.unauthenticated"/)
      assert.equal(await state(site), before, 'nobody changed anything')
      for (const role of operationRoles[name] ?? [])
        assert.doesNotMatch(await ask(tokens.get(role)), /"code":"(?:admin\.|internal)/, role)
    }))

test('the owner and the server itself may do everything, and an operation without a row is theirs alone', () => {
  for (const role of ['owner', 'system'] as const)
    assert(
      operationNames.every((name) => mayDo(role, name)),
      role,
    )
  for (const role of roleNames)
    for (const name of ['planted.operation', '__proto__', 'toString', '']) assert(!mayDo(role, name), name)
})

test('the auditor changes nothing, the helpdesk and the administrator never see the log, nobody touches keys but security', () => {
  const may = (role: Role) => operationNames.filter((name) => mayDo(role, name))
  assert(
    may('auditor').every((name) =>
      /\.(?:list|show|explain|watch|verify|export|count|rules|history|diff|preview|check|certificates)$|^status$/.test(
        name,
      ),
    ),
  )
  for (const role of ['helpdesk', 'administrator'] as const)
    assert(
      may(role).every((name) => !/^(?:audit|accounts|tokens)\.|^keys\.(?!list|certificates)/.test(name)),
      role,
    )
  for (const role of ['helpdesk', 'administrator'] as const)
    assert(
      may(role).every((name) => !/^policies\.(?!rules|list|show|history|diff|preview)/.test(name)),
      role,
    )
  assert(may('helpdesk').every((name) => !/^users\.(?!list|show|count)/.test(name)))
})
