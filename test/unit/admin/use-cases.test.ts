import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { RelayNames } from '#admin/ports.ts'
import type { SrpView } from '#admin/views.ts'
import { register } from '#crypto/registration.ts'
import { encodeRegistrationRecord, recordContext } from '#crypto/registration-record.ts'
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import { canonicalPassword } from '#protocol/canonical.ts'
import { type Installation, openInstallation, quickStretching, raise, startMs } from './installation.ts'

const hourMs = 3_600_000
const txn = '5f2c9a10aabbccddeeff001122334455' as ActivationId
const alice = 'alice@example.test' as MailAddress

let site: Installation
beforeEach(() => {
  site = openInstallation()
})
afterEach(() => site.close())

async function faultOf(work: Promise<unknown>): Promise<FaultCode | null> {
  try {
    await work
    return null
  } catch (error) {
    return error instanceof Fault ? error.code : Promise.reject(error)
  }
}

test('a user is added under the canonical address and shown by any of the aliases', async () => {
  const added = await site.admin.users.add({
    address: ' Alice@Example.TEST ',
    displayName: 'Alice',
    aliases: ['a.liddell@Bücher.example', 'a.liddell@bücher.example'],
  })
  assert.equal(added.address, alice)
  assert.deepEqual(added.aliases, ['a.liddell@xn--bcher-kva.example'])
  assert.equal(added.password, null)
  assert.equal((await site.admin.users.show('A.Liddell@Bücher.example')).address, alice)
  assert.deepEqual(await site.admin.users.list(), [added])
})

test('an address that is none, foreign, or taken is refused with its code', async () => {
  await site.admin.users.add({ address: alice, aliases: ['al@example.test'] })
  assert.equal(await faultOf(site.admin.users.add({ address: 'alice' })), 'address.invalid')
  assert.equal(await faultOf(site.admin.users.add({ address: 'a@elsewhere.test' })), 'address.foreign_domain')
  assert.equal(await faultOf(site.admin.users.add({ address: 'al@example.test' })), 'user.exists')
  assert.equal(await faultOf(site.admin.users.show('bob@example.test')), 'user.unknown')
})

test('with the embedded mail server a user gets a mailbox, and loses it when removed', async () => {
  const calls: string[] = []
  const other = openInstallation({
    mail: {
      create: async (accounts) =>
        accounts.map(({ address, aliases }) => {
          calls.push(`create ${address} ${aliases.join()}`)
          return null
        }),
      readdress: async (address, main, aliases) =>
        void calls.push(`readdress ${address} ${main} ${aliases.join()}`),
      remove: async (address) => calls.push(`remove ${address}`) > 0,
      setPassword: async (address, password) => calls.push(`password ${address} ${password.length}`) > 0,
    },
  })
  await other.admin.users.add({ address: alice, aliases: ['al@example.test'] })
  const { password } = await other.admin.mailboxes.generatePassword('al@example.test')
  assert.match(password, /^([2-9a-z]{4}-){2}[2-9a-z]{4}$/)
  await other.admin.users.remove(alice)
  assert.deepEqual(await other.admin.users.list(), [])
  await other.close()
  assert.deepEqual(calls, [
    'create alice@example.test al@example.test',
    'password alice@example.test 14',
    'remove alice@example.test',
  ])
})

test('a user whose mailbox cannot be made is not left behind', async () => {
  const refusing = async (): Promise<never> => {
    throw new Fault('store.unavailable')
  }
  const other = openInstallation({
    mail: {
      create: refusing,
      readdress: refusing,
      remove: async () => false,
      setPassword: async () => false,
    },
  })
  assert.equal(await faultOf(other.admin.users.add({ address: alice })), 'store.unavailable')
  assert.deepEqual(await other.admin.users.list(), [])
  await other.close()
})

test('a mailbox elsewhere has no password here', async () => {
  await site.admin.users.add({ address: alice })
  assert.equal(await faultOf(site.admin.mailboxes.generatePassword(alice)), 'mailbox.not_embedded')
})

test('a generated password is returned once and kept as sealed records for every address', async () => {
  await site.admin.users.add({ address: alice, aliases: ['al@example.test'] })
  const issued = await site.admin.passwords.generate('al@example.test')
  assert.match(issued.password ?? '', /^([2-9a-z]{4}-){2}[2-9a-z]{4}$/)
  assert.equal(issued.expiresAtMs, startMs + 48 * hourMs)
  assert.deepEqual(issued.addresses, [alice, 'al@example.test'])
  assert.equal(issued.replaced, false)
  const user = await site.store.users.byAddress(alice)
  const kept = await site.store.users.newestGrant(user?.id ?? 0)
  for (const address of issued.addresses) {
    const sealed = await site.store.users.record(kept?.grant.id ?? 0, address, quickStretching.profile)
    assert.ok(sealed)
    const password = canonicalPassword(issued.password ?? '') ?? ''
    const expected = encodeRegistrationRecord(
      await register(site.parts.p256, quickStretching, address, password),
    )
    const opened = site.parts.vault.open(recordContext(address, 1), sealed)
    assert.ok(opened && sameBytes(opened, expected))
  }
})

test('a typed password needs eight symbols, is never returned, and takes hours and a PIN', async () => {
  await site.admin.users.add({ address: alice })
  assert.equal(await faultOf(site.admin.passwords.set(alice, 'short- 12')), 'password.too_short')
  assert.equal(await faultOf(site.admin.passwords.set(alice, '\ud800'.repeat(9))), 'password.unusable')
  const issued = await site.admin.passwords.set(alice, 'correct horse', { hours: 720, pin: '2100-ab3f' })
  assert.equal(issued.password, null)
  assert.equal(issued.expiresAtMs, startMs + 720 * hourMs)
  const { password } = await site.admin.users.show(alice)
  assert.equal(password?.boundTo, '2100AB3F')
  assert.equal(password?.origin, 'typed')
  for (const hours of [0, 721, 1.5])
    assert.equal(await faultOf(site.admin.passwords.generate(alice, { hours })), 'admin.usage')
  assert.equal(await faultOf(site.admin.passwords.generate(alice, { pin: 'x' })), 'admin.usage')
})

test('a newer password replaces the older one; revoking works once', async () => {
  await site.admin.users.add({ address: alice })
  await site.admin.passwords.generate(alice)
  assert.equal((await site.admin.passwords.generate(alice)).replaced, true)
  assert.equal((await site.admin.passwords.revoke(alice)).password?.state, 'revoked')
  assert.equal(await faultOf(site.admin.passwords.revoke(alice)), 'password.none')
  assert.equal((await site.admin.passwords.generate(alice)).replaced, false)
})

test('a password that ran out is shown as expired', async () => {
  await site.admin.users.add({ address: alice })
  await site.admin.passwords.generate(alice, { hours: 1 })
  site.clock.advance(hourMs)
  assert.equal((await site.admin.users.list())[0]?.password?.state, 'expired')
})

test('activations are listed, filtered, found by the first digits of their id, and explained', async () => {
  await site.admin.users.add({ address: alice })
  const user = await site.store.users.byAddress(alice)
  await raise(site, txn, user?.id ?? null, { kind: 'relay_mailed', address: alice, atMs: startMs })
  site.clock.advance(180_000)
  const [listed] = await site.admin.activations.list({ of: alice })
  assert.equal(listed?.id, txn)
  assert.equal(listed?.code, 'mail.not_seen')
  assert.deepEqual(await site.admin.activations.list({ of: '2100AB3F' }), [])
  assert.equal((await site.admin.activations.show('5f2c')).user, alice)
  const explained = await site.admin.activations.explain(alice)
  assert.equal(explained.activation?.id, txn)
  assert.equal(explained.explanation.turn, 'mail_server')
  assert.equal(explained.explanation.code, 'mail.not_seen')
  assert.deepEqual(
    explained.timeline.map((hop) => [hop.name, hop.atMs]),
    [["the relay's hint came", startMs]],
  )
  assert.equal(await faultOf(site.admin.activations.show('0000')), 'activation.unknown')
  assert.equal(await faultOf(site.admin.activations.show('5f')), 'activation.unknown')
  assert.equal(await faultOf(site.admin.activations.list({ limit: 0 })), 'admin.usage')
})

test('two activations that begin alike must be told apart', async () => {
  const other = txn.replace(/5$/, '6') as ActivationId
  for (const id of [txn, other])
    await raise(site, id, null, { kind: 'relay_mailed', address: alice, atMs: startMs })
  assert.equal(await faultOf(site.admin.activations.show('5f2c')), 'activation.ambiguous')
  assert.equal((await site.admin.activations.show(txn)).id, txn)
})

test('a user without an activation is explained by the password', async () => {
  await site.admin.users.add({ address: alice })
  const none = await site.admin.activations.explain(alice)
  assert.match(none.explanation.says, /No activation password was ever set/)
  await site.admin.passwords.generate(alice)
  const open = await site.admin.activations.explain(alice)
  assert.equal(open.activation, null)
  assert.equal(open.explanation.turn, 'user')
  assert.equal(await faultOf(site.admin.activations.explain('eve@example.test')), 'user.unknown')
})

test('an activation for an address that is no user is explained all the same', async () => {
  const address = 'eve@example.test' as MailAddress
  await raise(site, txn, null, { kind: 'relay_mailed', address, atMs: startMs })
  assert.equal((await site.admin.activations.explain(address)).activation?.id, txn)
})

test('watching shows what is open, then each change, and ends when it is aborted', async () => {
  await raise(site, txn, null, { kind: 'relay_mailed', address: alice, atMs: startMs })
  const stop = new AbortController()
  const news = site.admin.activations.watch({}, stop.signal)[Symbol.asyncIterator]()
  assert.equal((await news.next()).value?.stage, 'activating')
  const next = news.next()
  await raise(site, txn, null, { kind: 'broken', where: 'test', atMs: startMs + 1 })
  const changed = (await next).value
  assert.equal(changed?.stage, 'failed')
  assert.equal(changed?.code, 'internal.invariant')
  const last = news.next()
  stop.abort()
  assert.equal((await last).done, true)
})

test('handhelds are listed and shown; an unknown PIN has its code', async () => {
  assert.deepEqual(await site.admin.handhelds.list(), [])
  assert.equal(await faultOf(site.admin.handhelds.show('2100AB3F')), 'handheld.unknown')
  assert.equal(await faultOf(site.admin.handhelds.show('nonsense')), 'handheld.unknown')
})

test('servers are added with a key shown once, listed, replaced only when asked, resumed', async () => {
  const servers = new Map<string, SrpView>()
  const keys: Uint8Array[] = []
  const relay: RelayNames = {
    register: async (srpId, srpKey, domains) => {
      keys.push(srpKey)
      servers.set(srpId, { srpId, domains, suspendedBecause: null, createdAtMs: startMs })
    },
    list: async () => [...servers.values()],
    resume: async (srpId) => {
      if (!servers.has(srpId)) throw new Fault('srp.unknown', srpId)
    },
  }
  const other = openInstallation({ relay })
  const added = await other.admin.srp.add('s00000007', ['Bücher.example'])
  assert.match(added.srpKey, /^[0-9a-f]{64}$/)
  assert.equal(keys[0]?.length, 32)
  assert.deepEqual(added.domains, ['xn--bcher-kva.example'])
  assert.equal(await faultOf(other.admin.srp.add('S00000007', ['a.test'])), 'srp.exists')
  assert.notEqual(
    (await other.admin.srp.add('S00000007', ['a.test'], { replace: true })).srpKey,
    added.srpKey,
  )
  assert.equal((await other.admin.srp.list()).length, 1)
  assert.equal((await other.admin.srp.resume('S00000007')).srpId, 'S00000007')
  assert.equal(await faultOf(other.admin.srp.resume('S00000008')), 'srp.unknown')
  assert.equal(await faultOf(other.admin.srp.resume('7')), 'srp.invalid')
  assert.equal(await faultOf(site.admin.srp.list()), 'relay.elsewhere')
  await other.close()
})

test('status puts what is broken first and names mailboxes that nobody looks at', async () => {
  const check = {
    name: 'relay',
    health: 'broken',
    says: 'down',
    code: 'relay.unreachable',
    next: 'x',
    sinceMs: 1,
  } as const
  const other = openInstallation({ health: () => [{ ...check, name: 'imap', health: 'ok' }, check] })
  await other.admin.users.add({ address: alice })
  await other.admin.passwords.generate(alice)
  await other.store.watches.move([{ owner: alice, folder: 'INBOX', uidValidity: 1, nextUid: 1 }], startMs)
  await other.store.watches.looked([alice], 'INBOX', startMs)
  assert.equal((await other.admin.status()).checks[1]?.health, 'ok')
  other.clock.advance(31 * 60_000)
  const status = await other.admin.status()
  assert.equal(status.health, 'broken')
  assert.deepEqual(status.checks.map(({ name, health }) => [name, health]).slice(0, 2), [
    ['relay', 'broken'],
    ['mailboxes', 'attention'],
  ])
  assert.match(status.checks[1]?.says ?? '', /1 mailbox not looked at .* alice@example\.test/)
  assert.deepEqual(status.counts, { users: 1, passwordsOpen: 1, activationsOpen: 0, handhelds: 0 })
  await other.close()
})
