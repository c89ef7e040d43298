import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeMailHint } from '#http/mail-hint.ts'
import { utf8 } from '#kernel/bytes.ts'

const decode = (value: unknown) =>
  decodeMailHint(utf8(typeof value === 'string' ? value : JSON.stringify(value)))

test('a hint names user and mailbox, and may name the message', () => {
  const whole = decode({ user: 'alice@example.test', mailbox: 'INBOX', uidvalidity: 4_294_967_295, uid: 1 })
  const value = { user: 'alice@example.test', mailbox: 'INBOX', uidValidity: 4_294_967_295, uid: 1 }
  assert.deepEqual(whole, { ok: true, value })
  const least = decode({ user: 'алиса', mailbox: 'Entwürfe/Älter' })
  assert.deepEqual(least, {
    ok: true,
    value: { user: 'алиса', mailbox: 'Entwürfe/Älter', uidValidity: null, uid: null },
  })
})

const good = { user: 'a@b.test', mailbox: 'INBOX' }
const refusals: readonly (readonly [string, unknown, string])[] = [
  ['nothing', '', 'wrong_shape'],
  ['no JSON', '{"user":', 'wrong_shape'],
  ['null', 'null', 'wrong_shape'],
  ['a list', [good], 'wrong_shape'],
  ['a text', '"user"', 'wrong_shape'],
  ['no user', { mailbox: 'INBOX' }, 'missing_field'],
  ['no mailbox', { user: 'a@b.test' }, 'missing_field'],
  ['a field more', { ...good, subject: 'hello' }, 'unknown_field'],
  ['a field of every object', '{"user":"a","mailbox":"b","__proto__":1}', 'unknown_field'],
  ['an empty user', { ...good, user: '' }, 'out_of_range'],
  ['a user that is too long', { ...good, user: 'a'.repeat(255) }, 'out_of_range'],
  ['a user with a line end', { ...good, user: 'a\nb' }, 'out_of_range'],
  ['a mailbox that is too long', { ...good, mailbox: 'a'.repeat(1_025) }, 'out_of_range'],
  ['a mailbox that is a number', { ...good, mailbox: 7 }, 'out_of_range'],
  ['a UID of 0', { ...good, uid: 0 }, 'out_of_range'],
  ['a UID over 32 bits', { ...good, uid: 2 ** 32 }, 'out_of_range'],
  ['a UID that is a text', { ...good, uid: '1' }, 'out_of_range'],
  ['a UIDVALIDITY that is no whole number', { ...good, uidvalidity: 1.5 }, 'out_of_range'],
  ['more than 4 KiB', `${JSON.stringify(good)}${' '.repeat(4_096)}`, 'too_big'],
]

for (const [what, value, code] of refusals)
  test(`${what} is no hint: ${code}`, () => {
    const hint = decode(value)
    assert.equal(hint.ok ? 'taken' : hint.fault.code, code)
  })

test('bytes that are no UTF-8 are no hint', () => {
  const bytes = utf8('{"user":"a?","mailbox":"INBOX"}')
  bytes[10] = 0xff
  assert.equal(decodeMailHint(bytes).ok, false)
})
