import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { offlineSession } from '#admin/access/offline-session.ts'
import { connectAdmin } from '#admin/socket/client.ts'
import { serveAdmin } from '#admin/socket/server.ts'
import { wireVersion } from '#admin/socket/wire.ts'
import { Fault } from '#kernel/fault.ts'
import { silentLog } from '#kernel/log.ts'
import { type Installation, openInstallation } from './installation.ts'
import { postAdmin } from './post.ts'

const alice = 'alice@example.test'
const password = 'correct horse battery'
const hourMs = 3_600_000

let site: Installation
let own: string
let group: string
const closers: (() => Promise<void>)[] = []

beforeEach(async () => {
  site = openInstallation()
  own = join(site.directory, 'admin.sock')
  group = join(site.directory, 'group.sock')
  const common = { desk: site.desk, log: silentLog }
  for (const server of [
    await serveAdmin({ ...common, socketPath: own }),
    await serveAdmin({ ...common, socketPath: group, forGroup: true }),
  ])
    closers.push(() => server.close())
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
  await site.close()
})

const hasCode = (code: string) => (error: unknown) => error instanceof Fault && error.code === code

async function at(path: string, token: string | null, osUser = 'tester') {
  const session = await connectAdmin(path, { osUser, token })
  assert(session)
  return session
}

const said = async () =>
  (await site.admin.audit.list()).map(({ who, role, what, outcome }) => [who, role, what, outcome])

test("at the owner's socket whoever comes is the owner, by the name of the operating system", async () => {
  const session = await at(own, null, 'maria')
  assert.deepEqual(await session.whoami(), { who: 'os:maria', role: 'owner' })
  await session.users.add({ address: alice })
  assert.deepEqual(await said(), [['os:maria', 'owner', 'users.add', 'ok']])
  assert.deepEqual(await (await at(own, null, 'a b\n')).whoami(), { who: 'os:a%20b%0A', role: 'owner' })
})

test("the group's socket may be opened by the group, and nobody is anybody there without a token", async () => {
  assert.equal(statSync(group).mode & 0o777, 0o660)
  assert.equal(statSync(own).mode & 0o777, 0o600)
  const session = await at(group, null)
  await assert.rejects(session.users.list(), hasCode('admin.unauthenticated'))
  await assert.rejects(session.whoami(), hasCode('admin.unauthenticated'))
  for (const name of ['users.list', 'nothing', 'logout'])
    assert.match(await postAdmin(group, name, '[]'), /admin\.(?:unauthenticated|too_many_tries)/)
})

test('somebody at the group’s socket cannot make a server leave', async () => {
  const path = join(site.directory, 'filling.sock')
  const filling = await serveAdmin({
    socketPath: path,
    desk: site.desk,
    log: silentLog,
    yields: true,
    forGroup: true,
  })
  closers.push(() => filling.close())
  assert.match(await postAdmin(path, 'yield', '[]'), /admin\.running/)
  assert.match(await postAdmin(path, 'ping', '[]'), new RegExp(`"value":${wireVersion}`))
})

test('whether somebody may do it is answered before it is done, and a no is written down like the act itself', async () => {
  const { token } = await site.admin.tokens.add({ name: 'desk', role: 'helpdesk', hours: 2 })
  const session = await at(group, token)
  await session.mayDo('passwords.generate', 'alice@example.test')
  await assert.rejects(session.mayDo('handhelds.wipe', '2100ab3f'), hasCode('admin.not_allowed'))
  await assert.rejects(session.mayDo('what.ever', ''), hasCode('admin.protocol'))
  await assert.rejects((await at(group, 'pk_no')).mayDo('users.list', ''), hasCode('admin.unauthenticated'))
  const noted = (await site.admin.audit.list({ by: 'desk' })).map(({ what, on, outcome }) => [
    what,
    on,
    outcome,
  ])
  assert.deepEqual(noted, [['handhelds.wipe', '2100AB3F', 'admin.not_allowed']])
})

test('a token has its role, until it runs out or is revoked', async () => {
  const { token } = await site.admin.tokens.add({ name: 'ci', role: 'administrator', hours: 2 })
  assert.match(token, /^pk_[0-9a-f]{16}_[0-9a-f]{64}$/)
  for (const path of [own, group]) {
    const session = await at(path, token)
    assert.deepEqual(await session.whoami(), { who: 'token:ci', role: 'administrator' })
    await assert.rejects(session.audit.list(), hasCode('admin.not_allowed'))
  }
  await assert.rejects(
    site.admin.tokens.add({ name: 'ci', role: 'auditor', hours: 2 }),
    hasCode('token.exists'),
  )
  site.clock.advance(2 * hourMs)
  await assert.rejects((await at(group, token)).whoami(), hasCode('admin.unauthenticated'))
  const second = await site.admin.tokens.add({ name: 'ci', role: 'auditor', hours: 2 })
  assert.equal((await (await at(group, second.token)).audit.list()).length, 2, 'two refusals')
  assert.equal((await site.admin.tokens.revoke('ci')).state, 'revoked')
  await assert.rejects((await at(group, second.token)).whoami(), hasCode('admin.unauthenticated'))
  await assert.rejects(site.admin.tokens.revoke('ci'), hasCode('token.unknown'))
})

test('a wrong token never falls back to the owner, whatever its form', async () => {
  const { token } = await site.admin.tokens.add({ name: 'ci', role: 'auditor', hours: 2 })
  const other = token.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))
  const unknown = token.replace(/^pk_./, (start) => (start === 'pk_0' ? 'pk_1' : 'pk_0'))
  for (const wrong of [other, unknown, '', 'x', token.toUpperCase(), `${token} `])
    for (const path of [own, group])
      await assert.rejects(
        (await at(path, wrong)).users.list(),
        (error) => hasCode('admin.unauthenticated')(error) || hasCode('admin.too_many_tries')(error),
      )
})

test('wrong tokens are refused unseen after ten, right ones are let through all the same', async () => {
  const { token } = await site.admin.tokens.add({ name: 'ci', role: 'auditor', hours: 2 })
  const guess = async () => (await at(group, `pk_${'0'.repeat(16)}_${'0'.repeat(64)}`)).users.list()
  for (let i = 0; i < 10; i += 1) await assert.rejects(guess(), hasCode('admin.unauthenticated'))
  await assert.rejects(guess(), hasCode('admin.too_many_tries'))
  assert.deepEqual(await (await at(group, token)).users.list(), [])
  site.clock.advance(5_000)
  await assert.rejects(guess(), hasCode('admin.unauthenticated'))
})

test('a person logs in with a password, works under the account’s role of that moment, and logs out', async () => {
  await site.admin.accounts.add({ name: 'sue', role: 'security', password })
  await site.admin.accounts.add({ name: 'hal', role: 'helpdesk', password })
  const { token, expiresAtMs } = await (await at(group, null)).login('hal', password)
  assert.equal(expiresAtMs, site.clock.nowMs() + 8 * hourMs)
  const hal = await at(group, token)
  assert.deepEqual(await hal.whoami(), { who: 'account:hal', role: 'helpdesk' })
  await assert.rejects(hal.users.add({ address: alice }), hasCode('admin.not_allowed'))
  await site.admin.accounts.setRole('hal', 'administrator')
  await hal.users.add({ address: alice })
  assert.deepEqual(await site.admin.tokens.list(), [], 'a session is no token of the list')
  await hal.logout()
  await assert.rejects(hal.users.list(), hasCode('admin.unauthenticated'))
  assert.deepEqual(await said(), [
    ['account:hal', 'helpdesk', 'login', 'ok'],
    ['account:hal', 'helpdesk', 'users.add', 'admin.not_allowed'],
    ['account:hal', 'administrator', 'users.add', 'ok'],
    ['account:hal', 'administrator', 'logout', 'ok'],
  ])
})

test('a disabled account, another password and a removal end its sessions at once', async () => {
  await site.admin.accounts.add({ name: 'hal', role: 'helpdesk', password })
  const log = async () => at(group, (await (await at(group, null)).login('hal', password)).token)
  const first = await log()
  await site.admin.accounts.disable('hal')
  await assert.rejects(first.users.list(), hasCode('admin.unauthenticated'))
  await assert.rejects((await at(group, null)).login('hal', password), hasCode('admin.unauthenticated'))
  await site.admin.accounts.enable('hal')
  await assert.rejects(first.users.list(), hasCode('admin.unauthenticated'), 'an old session stays ended')
  const second = await log()
  await site.admin.accounts.setPassword('hal', 'another horse battery')
  await assert.rejects(second.users.list(), hasCode('admin.unauthenticated'))
})

test('wrong passwords leave lines of the account alone, and guessing is bounded', async () => {
  await site.admin.accounts.add({ name: 'hal', role: 'helpdesk', password })
  const stranger = await at(group, null)
  await assert.rejects(stranger.login('hal', 'wrong horse battery'), hasCode('admin.unauthenticated'))
  await assert.rejects(stranger.login('typed my password here', password), hasCode('admin.unauthenticated'))
  assert.deepEqual(await said(), [
    ['account:hal', 'helpdesk', 'login', 'admin.unauthenticated'],
    ['unknown', 'none', 'login', 'admin.unauthenticated'],
  ])
  for (let i = 0; i < 8; i += 1)
    await assert.rejects(stranger.login('hal', 'x'), hasCode('admin.unauthenticated'))
  await assert.rejects(stranger.login('hal', password), hasCode('admin.too_many_tries'))
  site.clock.advance(5_000)
  assert.equal((await stranger.login('hal', password)).role, 'helpdesk')
})

test('what no account can be made of is refused, and no password comes back', async () => {
  const bad = [
    { name: 'Sue', role: 'security', password },
    { name: '', role: 'security', password },
    { name: 'sue', role: 'owner', password },
    { name: 'sue', role: 'security', password: 'short' },
    { name: 'sue', role: 'security', password: `${password}\n` },
  ]
  for (const one of bad)
    await assert.rejects(
      site.admin.accounts.add(one),
      (error) => hasCode('account.invalid')(error) && !String(error).includes(one.password || 'none'),
    )
  const added = await site.admin.accounts.add({ name: 'sue', role: 'security', password })
  assert.deepEqual(Object.keys(added).toSorted(), ['changedAtMs', 'createdAtMs', 'disabled', 'name', 'role'])
  await assert.rejects(
    site.admin.accounts.add({ name: 'sue', role: 'auditor', password }),
    hasCode('account.exists'),
  )
  await assert.rejects(site.admin.accounts.disable('sue'), hasCode('account.last_security'))
  await assert.rejects(site.admin.accounts.setRole('sue', 'auditor'), hasCode('account.last_security'))
  await assert.rejects(site.admin.accounts.remove('sue'), hasCode('account.last_security'))
  await assert.rejects(site.admin.accounts.show('bob'), hasCode('account.unknown'))
})

test('with the store itself it is the same: the owner without a token, its role with one', async () => {
  const { token } = await site.admin.tokens.add({ name: 'ci', role: 'auditor', hours: 2 })
  const asOwner = await offlineSession(site.desk, { osUser: 'maria', token: null }, async () => {})
  await asOwner.users.add({ address: alice })
  const asToken = await offlineSession(site.desk, { osUser: 'maria', token }, async () => {})
  await assert.rejects(asToken.users.remove(alice), hasCode('admin.not_allowed'))
  await assert.rejects(
    offlineSession(site.desk, { osUser: 'maria', token: 'pk_x' }, async () => {}),
    hasCode('admin.unauthenticated'),
  )
  assert.deepEqual(
    (await site.admin.audit.list()).map(({ who, from }) => [who, from]),
    [
      ['os:maria', 'store'],
      ['token:ci', 'store'],
    ],
  )
})
