/** Rules name no clock, chance, network or process: those are handed in. TLS is verified everywhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Source, sources } from './sources.ts'

const pureFolders = [
  'src/kernel',
  'src/crypto',
  'src/protocol',
  'src/activation',
  'src/policy',
  'src/audit',
  'src/rollover',
]

const impure: readonly [RegExp, string][] = [
  [/\bDate\b/, 'Date'],
  [/\bMath\.random\b/, 'Math.random'],
  [/\bset(?:Timeout|Interval|Immediate)\b/, 'timers'],
  [/\bprocess\./, 'process'],
  [/\bfetch\(/, 'fetch'],
  [/\bawait\b/, 'await'],
  [/from 'node:(?:fs|net|tls|http|https|child_process|worker_threads)/, 'I/O'],
]

/** Key stretching and WebCrypto are asynchronous by nature; X.509 carries its times as dates. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  'src/crypto/password-hash.ts': ['await'],
  'src/crypto/registration.ts': ['await'],
  'src/crypto/rsa-key.ts': ['await'],
  'src/crypto/policy-verify.ts': ['await'],
  'src/crypto/signer-certificate.ts': ['await'],
  'src/crypto/x509-time.ts': ['Date'],
}

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '')

function impurities({ path, text }: Source): string[] {
  const code = withoutComments(text).replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, (literal) =>
    literal.startsWith("'node:") ? literal : "''",
  )
  return impure
    .filter(([pattern, name]) => pattern.test(code) && !exceptions[path]?.includes(name))
    .map(([, name]) => `${path}: ${name}`)
}

test('rules are pure', () => {
  const all = sources(...pureFolders)
  assert(all.length > 50, `${all.length} files read`)
  assert.deepEqual(all.flatMap(impurities), [])
})

for (const text of [
  'const now = Date.now()',
  'const x = Math.random()',
  'setTimeout(() => {}, 1)',
  'const home = process.env.HOME',
  'const r = fetch(url)',
  'const v = await x',
  "import { readFileSync } from 'node:fs'",
])
  test(`a planted impurity is caught: ${text}`, () => {
    assert.equal(impurities({ path: 'src/activation/planted.ts', text }).length, 1)
  })

const unverified = new RegExp(
  ['reject', 'Unauthorized\\s*:\\s*false|NODE_TLS_REJECT_', 'UNAUTHORIZED'].join(''),
)

test('TLS is verified everywhere', () => {
  const found = sources('src', 'test', 'bench').filter(({ text }) => unverified.test(text))
  assert.deepEqual(
    found.map(({ path }) => path),
    [],
  )
  assert(unverified.test(['reject', 'Unauthorized: false'].join('')))
})
