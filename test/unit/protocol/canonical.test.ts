import { deepEqual, equal } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { toASCII } from 'tr46'
import { utf8 } from '#kernel/bytes.ts'
import {
  canonicalEmail,
  canonicalPassword,
  countSymbols,
  generatePassword,
  isCanonicalEmail,
  showPassword,
} from '#protocol/canonical.ts'

const email = (typed: string) => {
  const result = canonicalEmail(typed)
  return result.ok ? result.value : null
}

describe('canonical addresses', () => {
  const spellings: readonly (readonly [string, string])[] = [
    [' User.One@Example.COM ', 'user.one@example.com'],
    ['\t\r\nalice@example.test\n', 'alice@example.test'],
    ['Alice+Tag.x@EXAMPLE.test', 'alice+tag.x@example.test'],
    ['jo\u0308rg@example.test', 'jörg@example.test'],
    ['a@BÜCHER.example', 'a@xn--bcher-kva.example'],
    ['a@straße.example', 'a@xn--strae-oqa.example'],
    ['a@xn--bcher-kva.example', 'a@xn--bcher-kva.example'],
    ['a@bücher。example', 'a@xn--bcher-kva.example'],
    ['a@localhost', 'a@localhost'],
    ["o'brien/x=y{z}~@example.test", "o'brien/x=y{z}~@example.test"],
  ]
  for (const [typed, canonical] of spellings)
    it(`makes ${JSON.stringify(typed)} ${canonical}`, () => equal(email(typed), canonical))

  it('takes an ordinary domain as it is exactly where IDNA does', () => {
    const rules = {
      transitionalProcessing: false,
      checkBidi: true,
      checkHyphens: true,
      checkJoiners: true,
      useSTD3ASCIIRules: true,
      verifyDNSLength: true,
    }
    const letters = fc.constantFrom(...'abnx019-.')
    fc.assert(
      fc.property(fc.string({ unit: letters, minLength: 1, maxLength: 90 }), (domain) => {
        const ascii = toASCII(domain, rules)
        equal(email(`a@${domain}`), ascii === null ? null : `a@${ascii}`)
      }),
      { numRuns: 2_000 },
    )
  })

  it('lowers only A–Z in the local part: other alphabets have no one lower case', () => {
    equal(email('ÄÖİΣ@example.test'), 'ÄÖİΣ@example.test')
    equal(email('\u212A@example.test'), 'k@example.test')
  })

  const refusedOnes = [
    '',
    '@',
    'alice',
    'alice@',
    '@example.test',
    'a@b@example.test',
    '"a b"@example.test',
    'a b@example.test',
    'a(comment)@example.test',
    '<a@example.test>',
    'a,b@example.test',
    'a;b@example.test',
    'a:b@example.test',
    'a\\b@example.test',
    'a[b]@example.test',
    '.a@example.test',
    'a.@example.test',
    'a..b@example.test',
    'a@[127.0.0.1]',
    'a@example..test',
    'a@.test',
    'a@example.test.',
    'a@-example.test',
    'a@exa_mple.test',
    'a@exa mple.test',
    'a\u0000b@example.test',
    'a\r\nBcc: b@example.test',
    'a\u007fb@example.test',
    'a\u00a0b@example.test',
    'a\u202eb@example.test',
    'a\u200bb@example.test',
    'J\u030c@example.test',
    'a\ud800@example.test',
    'a@xn--zzzzzzzzz999999.test',
    `${'a'.repeat(65)}@example.test`,
    `${'ä'.repeat(33)}@example.test`,
    `a@${'a'.repeat(64)}.test`,
    `${'a'.repeat(64)}@${'b.'.repeat(95)}test`,
    'a'.repeat(5_000),
  ]
  for (const typed of refusedOnes)
    it(`refuses ${JSON.stringify(typed.slice(0, 40))}`, () => equal(email(typed), null))

  it('takes a local part of 64 bytes and an address of 254', () => {
    equal(email(`${'a'.repeat(64)}@example.test`)?.length, 77)
    const longest = `${'a'.repeat(64)}@${'b.'.repeat(92)}tests`
    equal(longest.length, 254)
    equal(email(longest), longest)
    equal(email(`${longest}s`), null)
  })

  it('reads an ordinary address at once as the whole rules read it', () => {
    const letters = fc.constantFrom(...'abz09.+-_@"(,;\\Aä')
    fc.assert(
      fc.property(fc.string({ unit: letters, minLength: 1, maxLength: 70 }), (text) => {
        // White space around it is trimmed, and keeps it from the short way.
        for (const typed of [text, `${text}@example.test`]) equal(email(typed), email(` ${typed}`))
      }),
      { numRuns: 2_000 },
    )
  })

  it('leaves a canonical address as it is, whatever was typed', () => {
    const typed = fc.tuple(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.domain())
    fc.assert(
      fc.property(typed, ([localPart, domain]) => {
        const canonical = email(`${localPart}@${domain}`)
        if (canonical === null) return
        equal(email(canonical), canonical)
        equal(isCanonicalEmail(canonical), true)
        equal(utf8(canonical).length <= 254, true)
      }),
      { numRuns: 300 },
    )
    equal(isCanonicalEmail('Alice@example.test'), false)
  })
})

describe('canonical passwords', () => {
  const spellings = [
    'kx7mp2qw9trb',
    'Kx7m-p2Qw 9tRb',
    'KX7MP2QW9TRB',
    'kx7m\u2011p2qw\u20119trb',
    'kx7m\u00a0p2qw\u00a09trb',
    'kx7m\u2013p2qw\u20149trb',
    'kx7m\u2212p2qw\t9trb\r\n',
    'ｋｘ７ｍ－ｐ２ｑｗ　９ｔｒｂ',
  ]
  for (const typed of spellings)
    it(`makes ${JSON.stringify(typed)} kx7mp2qw9trb`, () => equal(canonicalPassword(typed), 'kx7mp2qw9trb'))

  it('keeps what is neither space, hyphen nor A–Z', () => {
    equal(canonicalPassword('_Ä.ß!'), '_Ä.ß!')
  })

  it('refuses what is no text, or absurdly long', () => {
    equal(canonicalPassword('abc\udc00'), null)
    equal(canonicalPassword('a'.repeat(1_025)), null)
  })

  it('counts symbols, not UTF-16 units', () => {
    equal(countSymbols(canonicalPassword('🔑🔑-a b') ?? ''), 4)
  })

  it('does not depend on case, spaces and hyphens, wherever they are', () => {
    const symbols = fc.array(fc.constantFrom(...'aZ09-é _\u2011\u00a0'), { maxLength: 30 })
    fc.assert(
      fc.property(symbols, (typed) => {
        const expected = typed
          .filter((symbol) => /[aZ09é_]/.test(symbol))
          .join('')
          .replaceAll('Z', 'z')
        equal(canonicalPassword(typed.join('')), expected)
        equal(canonicalPassword(typed.join('-')), expected)
      }),
    )
  })
})

describe('generated passwords', () => {
  let counter = 0
  const random = {
    bytes: (length: number) => {
      counter += 1
      return new Uint8Array(createHash('sha256').update(String(counter)).digest().subarray(0, length))
    },
  }

  it('are twelve symbols of the alphabet, canonical, and use all of it', () => {
    const passwords = Array.from({ length: 200 }, () => generatePassword(random))
    for (const password of passwords) {
      equal(/^[2-9a-hjkmnp-z]{12}$/.test(password), true, password)
      equal(canonicalPassword(password), password)
    }
    equal(new Set(passwords).size, 200)
    deepEqual([...new Set(passwords.join(''))].sort().join(''), '23456789abcdefghjkmnpqrstuvwxyz')
  })

  it('are shown in groups of four that canonicalise back', () => {
    equal(showPassword('kx7mp2qw9trb'), 'kx7m-p2qw-9trb')
    equal(canonicalPassword(showPassword('kx7mp2qw9trb')), 'kx7mp2qw9trb')
  })
})
