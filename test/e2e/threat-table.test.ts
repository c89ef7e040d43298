/** Each attacker of the threat table in docs/protocol.md has a test that bears the name, or the reason why none. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..', '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Where the tests are that bear the attacker's name; or why there is none. */
type Answer = { readonly tests: readonly string[] } | { readonly why: string }

const answers: Readonly<Record<string, Answer>> = {
  'reader of the mailbox, mail administrator, SMTP hop': { tests: ['test/unit/handheld/threats.test.ts'] },
  'the same, recording for a quantum computer': { tests: ['test/unit/handheld/post-quantum.test.ts'] },
  'stranger who mails forged requests': { tests: ['test/unit/agent/threats-mails.test.ts'] },
  'registered handheld, wrong password': { tests: ['test/e2e/causes-password.test.ts'] },
  'many registered handhelds': { tests: ['test/e2e/threats-handhelds.test.ts'] },
  'reader of the mailbox with a handheld of his own': { tests: ['test/contract/relay-mail.test.ts'] },
  'another server at the relay that sees the mailbox': { tests: ['test/e2e/threats-server.test.ts'] },
  'server that does not know the user': { tests: ['test/e2e/threats-server.test.ts'] },
  'dishonest relay': { tests: ['test/e2e/threats-relay.test.ts'] },
  replayer: { tests: ['test/unit/agent/threats-mails.test.ts'] },
  downgrader: { tests: ['test/unit/handheld/threats.test.ts', 'test/unit/handheld/post-quantum.test.ts'] },
  "thief of the server's database": { tests: ['test/e2e/secrets.test.ts'] },
  'thief of a handheld': {
    tests: [
      'test/e2e/threats-handhelds.test.ts',
      'test/unit/handheld/threats.test.ts',
      'test/unit/agent/rollover-hostile.test.ts',
    ],
  },
  'thief of an MK who only listens': { tests: ['test/unit/agent/rollover-hostile.test.ts'] },
  'thief of the CA or policy signer': { tests: ['test/unit/handheld/threats.test.ts'] },
  'replayer of policies and commands': {
    tests: [
      'test/unit/handheld/policy.test.ts',
      'test/unit/handheld/commands.test.ts',
      'test/unit/handheld/threats.test.ts',
    ],
  },
  'paused or restored machine': { tests: ['test/contract/relay-traffic.test.ts'] },
  flooder: {
    tests: [
      'test/contract/relay-mail.test.ts',
      'test/unit/agent/extract.test.ts',
      'test/e2e/explain-unwatched.test.ts',
    ],
  },
  'watcher of lengths': {
    why: 'Nothing stops this attacker, and the page says so: sizes are not hidden. There is nothing to hold to a test.',
  },
  'administrator who set the password': { tests: ['test/e2e/causes-password.test.ts'] },
  'somebody who asks "is this address being activated?"': {
    why: 'Accepted, and the page says so. That the answer is E05 is shown in test/e2e/causes-password.test.ts.',
  },
}

/** The first column of the table under "Threats". */
function attackers(): string[] {
  const section = /\n## 23\. Threats\n([\s\S]*?)\n## /.exec(read('docs/protocol.md'))?.[1] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| '))
  return rows.map((row) => row.split('|')[1]?.trim() ?? '').filter((who) => who !== 'who')
}

/** The names of the tests in a file: string literals and templates that `test`, `it`, `t.test` or a table names. */
const namesIn = (path: string): string[] =>
  [...read(path).matchAll(/(?:(?:\btest|\bit)\(\s*|^ {2})(['"`])((?:\\.|(?!\1).)*)\1/gm)].map((found) =>
    (found[2] ?? '').replaceAll("\\'", "'"),
  )

test('every attacker of the threat table is answered here, and nobody else', () => {
  const rows = attackers()
  assert.ok(rows.length >= 20, `${rows.length} rows`)
  assert.deepEqual(Object.keys(answers).toSorted(), rows.toSorted())
})

for (const [who, answer] of Object.entries(answers))
  if ('tests' in answer)
    for (const path of answer.tests)
      test(`a test in ${path} bears the name of: ${who}`, () => {
        const named = namesIn(path).filter((name) => name.includes(who))
        assert.ok(named.length > 0, `no test in ${path} is called "… ${who} …"`)
      })
  else
    test(`there is a reason why no test is named: ${who}`, () => assert.match(answer.why, /^[A-Z].{40,}\.$/))

test('a name that no test bears is noticed', () => {
  assert.deepEqual(
    namesIn('test/unit/handheld/threats.test.ts').filter((name) => name.includes('burglar')),
    [],
  )
})
