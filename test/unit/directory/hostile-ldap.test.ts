/** A directory server that means no good, or is none: bounded, named, and never believed in part. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { personOf } from '#directory/ldap-entry.ts'
import { concat } from '#kernel/bytes.ts'
import { Fault } from '#kernel/fault.ts'
import { answer, element, entry, octets, paged, result, sequence } from './ber.ts'
import { connectTo, type Reply, search, startFakeLdap } from './fake-ldap.ts'

const done = (id: number): Uint8Array => answer(id, result(0x65, 0))

async function entries(t: TestContext, reply: Reply, timeoutMs = 2_000) {
  const client = await connectTo(t, await startFakeLdap(t, reply), timeoutMs)
  return (await Array.fromAsync(client.search(search))).flat()
}

async function codeOf(t: TestContext, reply: Reply, timeoutMs = 2_000): Promise<string> {
  try {
    await entries(t, reply, timeoutMs)
    return 'none'
  } catch (error) {
    assert(error instanceof Fault, String(error))
    assert(error.detail.length < 400, error.detail)
    return error.code
  }
}

test('entries come whole, however the bytes are cut', async (t) => {
  const found = await entries(t, (id, _turn, socket) => {
    const all = concat(
      answer(id, entry('uid=a', { mail: ['a@x.test'], cn: ['Ä'] })),
      answer(id, entry('uid=b', { mail: ['b@x.test'] })),
      done(id),
    )
    for (const byte of all) socket.write(Uint8Array.of(byte))
    return null
  })
  assert.deepEqual(
    found.map(({ dn }) => dn),
    ['uid=a', 'uid=b'],
  )
})

/** Values of no bytes, one after the other. */
const endless = new Uint8Array(1_200_000).map((_, i) => (i % 2 === 0 ? 0x04 : 0))

const broken: [string, (id: number) => Uint8Array][] = [
  ['no LDAP at all', () => new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['an answer of a gigabyte', () => Uint8Array.of(0x30, 0x84, 0x40, 0, 0, 0)],
  ['a length without an end', () => Uint8Array.of(0x30, 0x80, 0x02, 0x01, 0x02)],
  [
    'an attribute that is no sequence',
    (id) => answer(id, element(0x64, octets('uid=a'), sequence(octets('mail')))),
  ],
  [
    'values that are no set',
    (id) => answer(id, element(0x64, octets('a'), sequence(sequence(octets('m'), octets('v'))))),
  ],
  [
    'a value longer than its set',
    (id) =>
      answer(
        id,
        element(0x64, octets('a'), sequence(sequence(octets('m'), element(0x31, Uint8Array.of(4, 9, 1))))),
      ),
  ],
  ['an operation nobody asked for', (id) => answer(id, element(0x67))],
  ['controls that are none', (id) => answer(id, result(0x65, 0), element(0xa0, octets('x')))],
  [
    'values without end',
    (id) => answer(id, element(0x64, octets('a'), sequence(sequence(octets('m'), element(0x31, endless))))),
  ],
]
for (const [what, bytes] of broken)
  test(`${what} ends the connection and is ldap.protocol`, async (t) => {
    assert.equal(await codeOf(t, bytes), 'ldap.protocol')
  })

test('a page that never ends is given up', async (t) => {
  const flood: Reply = (id, _turn, socket) => {
    const one = answer(id, entry('uid=a', { mail: ['x'.repeat(1024 * 1024)] }))
    const more = (): void => {
      while (!socket.destroyed && socket.write(one));
      if (!socket.destroyed) socket.once('drain', more)
    }
    more()
    return null
  }
  assert.equal(await codeOf(t, flood, 20_000), 'ldap.protocol')
})

test('a server that falls silent, or goes away in the middle, is ldap.unreachable and nothing was read', async (t) => {
  const some: Reply = (id) => answer(id, entry('uid=a', { mail: ['a@x.test'] }))
  assert.equal(await codeOf(t, some, 300), 'ldap.unreachable')
  const away: Reply = (id, turn, socket) => {
    if (turn === 0) return concat(answer(id, entry('uid=a', {})), answer(id, result(0x65, 0), paged('next')))
    socket.destroy()
    return null
  }
  assert.equal(await codeOf(t, away), 'ldap.unreachable')
})

test('after a lost connection nobody dials again, in clear and without a log-in', async (t) => {
  const server = await startFakeLdap(t, (id, _turn, socket) => {
    socket.end(concat(answer(id, entry('uid=a', {})), answer(id, result(0x65, 0), paged('next'))))
    return null
  })
  const client = await connectTo(t, server)
  await assert.rejects(Array.fromAsync(client.search(search)), { code: 'ldap.unreachable' })
  assert.equal(server.connections(), 1)
})

test('an empty page before the last is not taken for the end', async (t) => {
  const gap: Reply = (id, turn) =>
    turn === 0
      ? concat(answer(id, entry('uid=a', {})), answer(id, result(0x65, 0), paged('next')))
      : answer(id, result(0x65, 0), paged('next'))
  assert.equal(await codeOf(t, gap), 'ldap.protocol')
})

const refusals: [number, string][] = [
  [4, 'ldap.limit'],
  [32, 'ldap.no_base'],
  [50, 'ldap.no_right'],
  [52, 'ldap.unreachable'],
  [80, 'ldap.refused'],
  [123, 'ldap.refused'],
]
for (const [code, fault] of refusals)
  test(`result code ${code} of a search is ${fault}`, async (t) => {
    assert.equal(await codeOf(t, (id) => answer(id, result(0x65, code, 'because\u001b[2J'))), fault)
  })

const mapping = {
  idAttribute: 'entryUUID',
  addressAttribute: 'mail',
  nameAttributes: ['cn'],
  aliasAttributes: ['proxyAddresses'],
  organisationAttribute: '',
  groups: 'member_of' as const,
  groupBaseDn: 'ou=groups,dc=x',
}

test('whatever an entry holds, a person has bounded text', async (t) => {
  const huge = 'x'.repeat(1_000_000)
  const binary = Uint8Array.of(0xff, 0xfe, 0x00)
  const [strange] = await entries(t, (id) =>
    concat(
      answer(
        id,
        entry('uid=a', {
          MAIL: [huge, binary, 'a@x.test'],
          cn: [binary],
          entryUUID: [huge],
          __proto__x: ['y'],
          dn: ['another'],
        }),
      ),
      done(id),
    ),
  )
  assert(strange)
  const person = personOf(strange, mapping, () => [])
  assert.equal(person.id, null)
  assert.deepEqual([person.name, person.groups], ['', []])
  assert(person.addresses.every((one) => typeof one === 'string' && one.length <= 2_048))
  assert(JSON.stringify(person).length < 20_000)
})

test('an entry is read by the mapping: ids of bytes in hex, smtp: addresses alone, groups below their base', async () => {
  const person = personOf(
    {
      dn: 'uid=a',
      entryuuid: Buffer.from([1, 2, 255]),
      mail: ['a@x.test', 'b@x.test'],
      cn: 'A',
      ProxyAddresses: ['SMTP:a@x.test', 'smtp:c@x.test', 'X500:/o=x', 'sip:a@x.test', 'd@x.test'],
      memberOf: ['cn=Sales\\, north,ou=groups,dc=x', 'cn=Other,dc=x', 'none'],
    },
    mapping,
    () => [],
  )
  assert.deepEqual(person, {
    dn: 'uid=a',
    id: '0102ff',
    addresses: ['a@x.test', 'b@x.test'],
    aliases: ['a@x.test', 'b@x.test', 'a@x.test', 'c@x.test', 'd@x.test'],
    name: 'A',
    organisation: null,
    groups: ['Sales, north'],
  })
})
