import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { entryName, isBelow, sameDn } from '#directory/dn.ts'

test('one name is one, in whatever case and with whatever spaces and escapes it is written', () => {
  const ways = [
    'CN=Sales\\, north,OU=Groups,DC=x',
    'cn=sales\\2C north, ou=groups , dc=X',
    'cn = sales\\2c north,ou=groups,dc=x',
  ]
  assert.equal(new Set(ways.map(sameDn)).size, 1)
  assert.equal(sameDn('cn=a+uid=b,dc=x'), sameDn('uid=B+cn=A,dc=x'))
  assert.notEqual(sameDn('cn=a,dc=x'), sameDn('cn=a\\,dc=x'))
  assert.equal(sameDn('alice'), 'alice', 'what is none stays as it is')
})

test('an entry is called by its first value, as it is written there', () => {
  assert.equal(entryName('cn=Sales\\, north,dc=x'), 'Sales, north')
  assert.equal(entryName('cn=M\\C3\\BCller,dc=x'), 'Müller')
  assert.equal(entryName('Sales'), null)
})

test('below is below, and not the same or beside', () => {
  assert(isBelow('cn=a,OU=groups,dc=x', 'ou=Groups, dc=x'))
  assert(isBelow('cn=a,dc=x', ''))
  for (const dn of ['ou=groups,dc=x', 'cn=a,ou=mygroups,dc=x', 'cn=a\\,ou=groups,dc=x', 'none'])
    assert(!isBelow(dn, 'ou=groups,dc=x'), dn)
})

test('whatever text comes, it is answered', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      sameDn(a)
      entryName(a)
      assert(!isBelow(a, b) || a !== b || b === '')
      assert.equal(sameDn(`cn=${a.replaceAll(/[\\,+]/g, '')}`).includes(','), false)
    }),
  )
})
