import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MailAddress } from '#kernel/brand.ts'
import { authzidAccess, inbox, namespaceAccess } from '#mailbox/access.ts'
import { headerField } from '#mailbox/header-field.ts'

const owner = 'a.b@example.test' as MailAddress

test('a pattern names each inbox for the service account', () => {
  const access = namespaceAccess('user/{address}')
  assert.deepEqual(access.place({ owner, folder: inbox }), {
    login: { as: 'service' },
    name: 'user/a.b@example.test',
  })
  assert.equal(access.listPattern?.('al'), 'user/al%')
  assert.equal(namespaceAccess('all/{local}').place({ owner, folder: inbox }).name, 'all/a.b')
})

test('another folder is reached on behalf of the user, or by a pattern of its own', () => {
  const access = namespaceAccess('user/{address}')
  assert.deepEqual(access.place({ owner, folder: 'Junk' }), {
    login: { as: 'user', user: owner },
    name: 'Junk',
  })
  assert.deepEqual(access.place({ owner, folder: 'user/{local}/Junk' }), {
    login: { as: 'service' },
    name: 'user/a.b/Junk',
  })
})

test('with authzid every folder is reached on behalf of its user', () => {
  const access = authzidAccess()
  assert.equal(access.listPattern, null)
  for (const folder of [inbox, 'Junk'])
    assert.deepEqual(access.place({ owner, folder }), { login: { as: 'user', user: owner }, name: folder })
})

test('a header field is found in its block alone, folded or not', () => {
  const header = new TextEncoder().encode(
    'Subject: one\r\n two\r\nX-MDAP-MESSAGE:etp\r\n\r\nX-Other: body\r\n',
  )
  assert.equal(headerField(header, 'subject'), 'one two')
  assert.equal(headerField(header, 'x-mdap-message'), 'etp')
  assert.equal(headerField(header, 'x-other'), null)
})
