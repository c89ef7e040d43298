/** The text of an activation QR code. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MailAddress } from '#kernel/brand.ts'
import { type ActivationCode, decodeActivationCode, encodeActivationCode } from '#protocol/activation-code.ts'
import { canonicalEmail } from '#protocol/canonical.ts'

const alice = 'alice@example.test' as MailAddress
const faultOf = (text: string): string => {
  const code = decodeActivationCode(text)
  return code.ok ? 'none' : `${code.fault.code} ${code.fault.at}`
}

test('address and password are written as documented, and read back', () => {
  const text = encodeActivationCode({ address: alice, password: 'k7mq-2x9p-wr4t' })
  assert.equal(text, 'postkey:activate?address=alice%40example.test&password=k7mq-2x9p-wr4t')
  assert.deepEqual(decodeActivationCode(text), {
    ok: true,
    value: { address: alice, password: 'k7mq-2x9p-wr4t' },
  })
  assert.deepEqual(decodeActivationCode('postkey:activate?address=alice%40example.test'), {
    ok: true,
    value: { address: alice },
  })
})

test('names that are not known are passed over, the address is brought into its form', () => {
  const text = 'postkey:activate?later=%2F&address=ALICE%40Example.Test'
  assert.deepEqual(decodeActivationCode(text), { ok: true, value: { address: alice } })
})

test('what is no activation code is refused', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['', 'bad_magic code'],
    ['https://example.test/?address=a%40b.test', 'bad_magic code'],
    ['postkey:activate?', 'wrong_shape code'],
    ['postkey:activate?password=x', 'missing_field code.address'],
    ['postkey:activate?address=a%40b.test&address=c%40b.test', 'wrong_shape code.address'],
    ['postkey:activate?address=alice@example.test', 'wrong_shape code'],
    ['postkey:activate?address=%ff', 'wrong_shape code'],
    ['postkey:activate?address=nobody', 'out_of_range code.address'],
    ['postkey:activate?address=a%40b.test&password=', 'out_of_range code.password'],
    ['postkey:activate?address=a%40b.test&password=%20-', 'out_of_range code.password'],
    [
      `postkey:activate?${Array.from({ length: 20 }, (_, i) => `x${'y'.repeat(i)}=1`).join('&')}`,
      'too_big code',
    ],
    [`postkey:activate?address=${'a'.repeat(5_000)}`, 'too_big code'],
  ]
  for (const [text, fault] of refused) assert.equal(faultOf(text), fault, text.slice(0, 80))
})

test('whatever address and password there are come back as they were', () => {
  const local = fc.stringMatching(/^[a-z0-9äß%&=+?#]{1,20}$/)
  const password = fc.string({ minLength: 1, maxLength: 64, unit: 'binary' })
  fc.assert(
    fc.property(local, password, (name, typed) => {
      const address = canonicalEmail(`${name}@example.test`)
      fc.pre(address.ok && typed.isWellFormed() && /[a-z0-9]/.test(typed))
      if (!address.ok) return
      const code: ActivationCode = { address: address.value, password: typed }
      assert.deepEqual(decodeActivationCode(encodeActivationCode(code)), { ok: true, value: code })
    }),
  )
})
