// Users from a real OpenLDAP server: ten thousand at once, then what changed; and every way the server can refuse.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { SyncResult } from '#admin/people/people.ts'
import type { FaultCode } from '#kernel/fault.ts'
import { makeTestTls } from '../contract/imap-server-tls.ts'
import { examine } from '../support/doctor.ts'
import { command } from '../support/e2e-cli.ts'
import { missingPeer } from '../support/peers.ts'
import { bin, type Postkey, startPostkey } from '../support/postkey.ts'
import { run } from '../support/process.ts'
import {
  fewDn,
  groupsDn,
  type Person,
  peopleDn,
  personDn,
  personLdif,
  type Slapd,
  serviceDn,
  servicePassword,
  startSlapd,
  suffix,
} from '../support/slapd.ts'
import { temporaryDirectory } from '../support/store.ts'

const userCount = 10_000
const tls = makeTestTls(['localhost'])

const people: Person[] = Array.from({ length: userCount }, (_, i) => ({
  uid: `u${i}`,
  name: `Üser ${i}`,
  mail: [`u${i}@example.test`],
  alternate: i % 4 === 0 ? [`alternate${i}@example.test`, `u${i}@elsewhere.test`] : [],
  organisation: i % 2 === 0 ? 'North' : 'South',
}))

interface Synced {
  readonly code: number
  readonly err: string
  readonly results: readonly SyncResult[]
  /** Results by what became of the entry. */
  of(outcome: SyncResult['outcome']): readonly SyncResult[]
}

async function sync(postkey: Postkey, ...options: string[]): Promise<Synced> {
  const { code, out, err } = await command(postkey, 'user', 'sync-ldap', '-o', 'json', ...options)
  return synced(code, out, err)
}

function synced(code: number, out: string, err: string): Synced {
  const results = out === '' ? [] : (JSON.parse(out) as SyncResult[])
  return { code, err, results, of: (outcome) => results.filter((result) => result.outcome === outcome) }
}

const changed = ({ of }: Synced) =>
  of('changed').map(({ address, changes }) => [address, ...changes.map(({ field }) => field)])

const setting = (slapd: Slapd, files: { readonly ca: string; readonly password: string }): string[] => [
  `ldap.url=${slapd.url}`,
  `ldap.ca_file=${files.ca}`,
  `ldap.bind_dn=${serviceDn}`,
  `ldap.bind_password_file=${files.password}`,
  `ldap.base_dn=${peopleDn}`,
  'ldap.filter=(objectClass=inetOrgPerson)',
  'ldap.organisation_attribute=o',
  'ldap.groups=search',
  `ldap.group_base_dn=${groupsDn}`,
]

function secrets(t: TestContext, password = servicePassword, ca = tls.ca) {
  const directory = temporaryDirectory(t)
  const files = { ca: join(directory, 'ca.pem'), password: join(directory, 'password') }
  writeFileSync(files.ca, ca)
  writeFileSync(files.password, `${password}\n`, { mode: 0o600 })
  return files
}

test('users from OpenLDAP', { skip: missingPeer('slapd') }, async (t) => {
  const sales = people.slice(0, 2_000).map(({ uid }) => uid)
  const slapd = await startSlapd({ people, groups: { Sales: sales }, tls })
  t.after(() => slapd.stop())
  const files = secrets(t)
  const postkey = await startPostkey(t, { set: setting(slapd, files), logLevel: null })

  await t.test('ten thousand come in at once, with names, aliases, organisations and groups', async (t) => {
    const startedMs = performance.now()
    const first = await sync(postkey)
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    t.diagnostic(`${userCount} users from slapd in ${seconds} s`)
    assert.equal(first.code, 0, first.err)
    assert.equal(first.of('added').length, userCount)
    const admin = await postkey.admin()
    assert.equal(await admin.users.count({ directory: true }), userCount)
    assert.equal(await admin.users.count({ group: 'Sales', organisation: 'North' }), 1_000)
    const user = await admin.users.show('alternate4@example.test')
    assert.deepEqual(
      [user.address, user.displayName, user.aliases, user.organisation, user.groups, user.directory],
      ['u4@example.test', 'Üser 4', ['alternate4@example.test'], 'North', ['Sales'], personDn('u4')],
    )
  })

  await t.test('a second run changes nothing', async (t) => {
    const startedMs = performance.now()
    const again = await sync(postkey)
    t.diagnostic(`the second run took ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
    assert.deepEqual([again.code, again.of('unchanged').length], [0, userCount], again.err)
  })

  await t.test(
    'of a few changes a dry run shows exactly these, and the run after it makes them',
    async () => {
      await slapd.modify(
        [
          `dn: ${personDn('u1')}\nchangetype: modify\nreplace: mail\nmail: married@example.test\n`,
          `dn: ${personDn('u2')}\nchangetype: modrdn\nnewrdn: uid=renamed\ndeleteoldrdn: 1\n`,
          `dn: ${personDn('u3')}\nchangetype: delete\n`,
          `dn: ${personDn('u5')}\nchangetype: modify\nreplace: o\no: East\n`,
          `dn: ${personDn('u6')}\nchangetype: modify\ndelete: mail\n`,
          `dn: cn=Sales,${groupsDn}\nchangetype: modify\ndelete: member\nmember: ${personDn('u7')}\n`,
          personLdif({ uid: 'new', name: 'New', mail: ['new@example.test'] }),
        ].join('\n'),
      )
      const expected = [
        ['married@example.test', 'address'],
        // Its group names it by its old name: a directory without referential integrity.
        ['u2@example.test', 'directory', 'groups'],
        ['u5@example.test', 'organisation'],
        ['u7@example.test', 'groups'],
      ]
      const dry = await sync(postkey, '--dry-run')
      const real = await sync(postkey)
      for (const seen of [dry, real]) {
        assert.deepEqual(changed(seen).sort(), expected)
        assert.deepEqual(
          seen.of('added').map(({ address }) => address),
          ['new@example.test'],
        )
        assert.deepEqual(
          seen.of('disabled').map(({ address }) => address),
          ['u3@example.test'],
        )
        assert.deepEqual(
          seen.of('set_aside').map(({ dn, fault }) => [dn, fault?.code]),
          [[personDn('u6'), 'ldap.no_address']],
        )
        assert.equal(seen.code, 1, 'somebody was set aside')
      }
      const admin = await postkey.admin()
      assert.equal((await admin.users.show('married@example.test')).displayName, 'Üser 1', 'the same user')
      assert.equal((await admin.users.show('u3@example.test')).disabled?.by, 'directory')
      assert.equal((await admin.users.show('u6@example.test')).disabled, null)
      const quiet = await sync(postkey)
      assert.deepEqual(
        quiet.results.filter(({ outcome }) => outcome !== 'unchanged').map(({ dn }) => dn),
        [personDn('u6')],
      )
    },
  )

  await t.test('the doctor says whether the directory answers', async () => {
    const { checks } = await examine(postkey, '--no-canary')
    const check = checks.find(({ name }) => name === 'directory')
    assert.deepEqual([check?.health, check?.code], ['ok', null], check?.says)
  })

  await t.test('most of them gone at once is refused, and nothing is changed', async () => {
    await postkey.stop()
    const narrowed = [...setting(slapd, files), 'ldap.filter=(uid=u1*)']
    const refused = await alone(postkey.data, narrowed)
    assert.equal(codeIn(refused), 'ldap.vanishing')
    const dry = await alone(postkey.data, narrowed, '--dry-run')
    assert.match(dry.err, /It would be refused without --force: 8\d\d\d of 10000 users would vanish/)
    const all = await alone(postkey.data, setting(slapd, files))
    assert.equal(all.of('unchanged').length, userCount, all.err)
  })

  await refusals(t, slapd)
})

/** Without a server. */
async function alone(data: string, set: readonly string[], ...options: string[]): Promise<Synced> {
  const settings = [`server.data_dir=${data}`, ...set].flatMap((value) => ['--set', value])
  const argv = [...settings, 'user', 'sync-ldap', '-o', 'json', ...options]
  const { code, stdout, stderr } = await run(bin, argv, { cwd: data, timeoutMs: 60_000 })
  return synced(code ?? -1, stdout, stderr)
}

const codeIn = ({ err }: Synced): string =>
  (JSON.parse(err.slice(err.indexOf('{\n'))) as { error: { code: string } }).error.code

async function refusals(t: TestContext, slapd: Slapd): Promise<void> {
  const begun = await startPostkey(t)
  await begun.stop()
  const { data } = begun
  const good = setting(slapd, secrets(t))
  const refusal: [string, string[], FaultCode][] = [
    ['a wrong password', [`ldap.bind_password_file=${secrets(t, 'wrong').password}`], 'ldap.bind_refused'],
    ['an account that is not there', ['ldap.bind_dn=cn=nobody,dc=example,dc=test'], 'ldap.bind_refused'],
    ['a CA that did not sign', [`ldap.ca_file=${secrets(t, '', makeTestTls().ca).ca}`], 'tls.untrusted'],
    [
      'the same with ldaps',
      [`ldap.ca_file=${secrets(t, '', makeTestTls().ca).ca}`, `ldap.url=${slapd.ldapsUrl}`],
      'tls.untrusted',
    ],
    ['another name', [`ldap.url=${slapd.ldapsUrl.replace('localhost', '127.0.0.1')}`], 'tls.wrong_name'],
    ['a limit of the server', [`ldap.bind_dn=${fewDn}`], 'ldap.limit'],
    ['a base that is not there', [`ldap.base_dn=ou=none,${suffix}`], 'ldap.no_base'],
    ['a filter that is none', ['ldap.filter=(&(uid=*)'], 'ldap.filter'],
    ['nobody found', ['ldap.filter=(uid=nobody)'], 'ldap.nobody'],
    ['no such attribute', ['ldap.id_attribute=objectGUID', 'ldap.filter=(uid=u10)'], 'ldap.attributes'],
  ]
  for (const [what, set, code] of refusal)
    await t.test(`${what} is ${code}`, async () => {
      const refused = await alone(data, [...good, ...set])
      assert.equal(codeIn(refused), code, refused.err)
    })

  await t.test('groups by memberOf and ldaps:// bring the same people', async () => {
    await slapd.modify(
      `dn: cn=Field,${groupsDn}\nchangetype: add\nobjectClass: groupOfNames\ncn: Field\nmember: ${personDn('u10')}\n`,
    )
    const set = [...good, 'ldap.groups=member_of', `ldap.url=${slapd.ldapsUrl}`, 'ldap.filter=(uid=u10)']
    const result = await alone(data, set, '--dry-run')
    const groups = result.of('added')[0]?.changes.find(({ field }) => field === 'groups')
    assert.deepEqual(groups?.to, ['Field'], result.err)
  })

  await t.test('a server that is away is ldap.unreachable', async () => {
    await slapd.kill()
    assert.equal(codeIn(await alone(data, good)), 'ldap.unreachable')
    await slapd.restart()
    assert.equal((await alone(data, [...good, 'ldap.filter=(uid=u10)'])).of('added').length, 1)
  })
}
