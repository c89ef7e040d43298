import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPassword, makePasswordCheck } from '#crypto/password-hash.ts'
import { loginAllowed } from '#imap-server/session.ts'

const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) }

test('without TLS only this machine itself may log in', () => {
  for (const remoteAddress of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
    assert.equal(loginAllowed({ secure: false, remoteAddress }), true, remoteAddress)
  for (const remoteAddress of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1', '1270.0.0.1', ''])
    assert.equal(loginAllowed({ secure: false, remoteAddress }), false, remoteAddress)
  assert.equal(loginAllowed({ secure: true, remoteAddress: '192.0.2.1' }), true)
})

test('a password is proved by its own hash alone', async () => {
  const check = makePasswordCheck()
  const hash = await hashPassword('Grüße', random)
  assert.match(hash, /^\$scrypt\$ln=14,r=8,p=1\$/)
  assert.equal(await check('Grüße', hash), true)
  assert.equal(await check('Grüße', hash), true)
  assert.equal(await check('grüße', hash), false)
  assert.equal(await check('Grüße', await hashPassword('other', random)), false)
  assert.equal(await check('', null), false)
  assert.equal(await check('x', 'not a hash'), false)
})

test('a proved password is answered at once the next time, a wrong one never', async () => {
  const check = makePasswordCheck()
  const hash = await hashPassword('right', random)
  const timed = async (password: string) => {
    const startMs = performance.now()
    await check(password, hash)
    return performance.now() - startMs
  }
  await timed('wrong')
  await timed('right')
  const [again, wrong] = [await timed('right'), await timed('wrong')]
  assert(again < wrong / 3, `${again} ms, ${wrong} ms`)
})
