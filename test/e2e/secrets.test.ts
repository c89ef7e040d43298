/**
 * No secret is in any log at any level, nor in what commands print: whole activations, good and bad, under both
 * algorithms, and then a search for every secret there was. The search proves itself on secrets it plants.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '#edge/system.ts'
import { readHandheld } from '#handheld/file.ts'
import { toBase64, toHex } from '#kernel/bytes.ts'
import { pinoLog } from '#telemetry/pino-log.ts'
import { command } from '../support/e2e-cli.ts'
import { sameHandheld } from '../support/e2e-handheld.ts'
import {
  secretsOfHandheld,
  secretsOfPassword,
  secretsOfRun,
  secretsOfServer,
} from '../support/e2e-known-secrets.ts'
import {
  findSecrets,
  forms,
  passwordSecrets,
  type Secret,
  secretBytes,
  secretText,
} from '../support/e2e-secrets.ts'
import { carries, tapRelay } from '../support/e2e-wire.ts'
import { activate, bin, type Postkey, startPostkey } from '../support/postkey.ts'
import { run } from '../support/process.ts'

const wrongPassword = 'wxyz-wxyz-wxyz'
const typedPassword = 'Correct Horse-Battery'
const mailboxPassword = 'the mail server knows this one'

/** What programs wrote, by program. */
interface Written {
  server: string
  handheld: string
  commands: string
}

/** A log as the server's, at its most talkative, that keeps what it writes. */
function keptLog() {
  const parts: string[] = []
  const sink = { write: (text: string) => void parts.push(text) }
  const log = pinoLog({ level: 'debug', format: 'json', sink, nowMs: systemClock.nowMs })
  return { log, text: () => parts.join('') }
}

/** One handheld in this process: first with a wrong password, then with the right one. */
async function activateTwice(
  postkey: Postkey,
  log: ReturnType<typeof keptLog>['log'],
  address: string,
  password: string,
  suite: 1 | 2,
): Promise<Secret[]> {
  const storage = sameHandheld()
  const options = { storage, log, suites: [suite] }
  const bad = await activate(postkey, address, wrongPassword, options)
  assert.equal(bad.code, 10)
  const wire = tapRelay(postkey)
  const proof = wire.hold('sent', carries('m3'))
  const good = activate(postkey, address, password, { ...options, dial: wire.dial })
  await proof.caught
  const txn = storage.newest().state.run?.txn
  assert(txn)
  const ofRun = await secretsOfRun(postkey.data, txn)
  proof.release()
  assert.equal((await good).code, 0)
  return [
    ...ofRun,
    ...secretsOfHandheld(storage.history),
    ...(await secretsOfPassword(address, password)),
    ...(await secretsOfPassword(address, wrongPassword)),
  ]
}

/** A handheld of its own process, with a password that an administrator typed. */
async function activateInTerminal(postkey: Postkey, written: Written): Promise<Secret[]> {
  const address = 'terminal@example.test'
  await postkey.json('user', 'add', address)
  const type = (input: string, ...args: string[]) =>
    run(bin, ['--set', `server.data_dir=${postkey.data}`, ...args, address], {
      input: `${input}\n`,
      cwd: postkey.data,
    })
  const set = await type(typedPassword, 'password', 'set')
  const kept = await type(mailboxPassword, 'user', 'mailbox-password')
  assert.deepEqual([set.code, kept.code], [0, 0], set.stderr + kept.stderr)
  const file = join(postkey.data, 'typed.txt')
  writeFileSync(file, `${typedPassword}\n`)
  const handheld = await postkey.cli('handheld', 'activate', '--email', address, '--password-file', file)
  assert.equal(handheld.code, 0, handheld.stderr)
  written.commands += [set, kept, handheld].map(({ stdout, stderr }) => stdout + stderr).join('')
  return [
    secretText('mailbox password', mailboxPassword),
    ...(await secretsOfPassword(address, typedPassword)),
    ...secretsOfHandheld([await readHandheld(join(postkey.data, 'handheld'))]),
  ]
}

/** Everything an administrator may look at. */
async function lookAround(postkey: Postkey, address: string): Promise<string> {
  const questions = [
    ['status'],
    ['config', 'show'],
    ['user', 'list'],
    ['user', 'show', address],
    ['user', 'show', 'terminal@example.test'],
    ['activation', 'list'],
    ['activation', 'show', address],
    ['activation', 'explain', address],
    ['handheld', 'list'],
    ['srp', 'list'],
  ]
  const said: string[] = []
  for (const question of questions)
    for (const form of [[], ['-o', 'json']]) {
      const { code, out, err } = await command(postkey, ...question, ...form)
      assert.equal(code, 0, `${question.join(' ')}: ${err}`)
      said.push(out, err)
    }
  return said.join('\n')
}

async function runEverything(t: TestContext) {
  const postkey = await startPostkey(t, { set: ['activation.algorithms=aes,3des'] })
  const kept = keptLog()
  const written: Written = { server: '', handheld: '', commands: '' }
  const secrets: Secret[] = []
  const [aes, tripleDes] = ['aes@example.test', '3des@example.test'] as const
  secrets.push(...(await activateTwice(postkey, kept.log, aes, await postkey.addUser(aes), 1)))
  secrets.push(...(await activateTwice(postkey, kept.log, tripleDes, await postkey.addUser(tripleDes), 2)))
  secrets.push(...(await activateInTerminal(postkey, written)))
  written.commands += await lookAround(postkey, aes)
  const planted = await plant(postkey, kept.log)
  written.commands += planted.said
  await postkey.stop()
  secrets.push(...(await secretsOfServer(postkey.data)))
  written.server = postkey.log()
  written.handheld = kept.text()
  return { postkey, written, secrets, planted: planted.secret }
}

/** A secret as the name of a user: the server logs it, commands print it; and the handheld logs it as well. */
async function plant(postkey: Postkey, log: ReturnType<typeof keptLog>['log']) {
  const secret = secretBytes('planted', randomBytes(32))
  const address = `${toHex(secret.bytes)}@example.test`
  await postkey.addUser(address)
  const { out } = await command(postkey, 'user', 'show', address)
  log.info({ detail: `before ${toBase64(secret.bytes)} after` }, 'a mistake')
  return { secret, said: out }
}

test('no secret is in what the server, the commands and the handhelds wrote, at any level', async (t) => {
  const { postkey, written, secrets, planted } = await runEverything(t)

  await t.test('they wrote at every level, and the server knew each activation', () => {
    for (const level of ['debug', 'info']) assert.match(written.server, new RegExp(`"level":"${level}"`))
    assert.match(written.handheld, /"level":"debug"/)
    assert.match(written.commands, /Activation Complete/)
    const kinds = new Set(secrets.map(({ name }) => name.replace(/ of .*|, line.*/, '')))
    for (const kind of [
      'password',
      'w0',
      'w1',
      'L',
      'Z',
      'V',
      'master key',
      'storage key',
      'SRP key',
      'mailbox password',
    ])
      assert.ok(kinds.has(kind), `${kind} was looked for among ${[...kinds].join(', ')}`)
    assert.ok(secrets.length > 100, `${secrets.length} secrets`)
  })

  for (const [program, text] of Object.entries(written))
    await t.test(`no secret in what came from: ${program}`, () => {
      assert.deepEqual(findSecrets(text, secrets), [])
    })

  for (const [program, text] of Object.entries(written))
    await t.test(`the one that was planted is found in what came from: ${program}`, () => {
      assert.notDeepEqual(findSecrets(text, [planted]), [])
    })

  await t.test("thief of the server's database: no secret lies in it in clear", () => {
    const files = ['postkey.db', 'postkey.db-wal'].map((name) => join(postkey.data, name)).filter(existsSync)
    for (const file of files) assert.deepEqual(findSecrets(readFileSync(file, 'latin1'), secrets), [], file)
    assert.notDeepEqual(findSecrets(readFileSync(files[0] ?? '', 'latin1'), [planted]), [])
  })
})

test('a secret is found in every form in which it might be written, through the log itself', () => {
  const secret = secretBytes('planted', randomBytes(32))
  const hex = toHex(secret.bytes)
  const inForm: Readonly<Record<string, string>> = {
    hex,
    'hex in capitals': hex.toUpperCase(),
    'hex with colons': hex.replace(/..(?=.)/g, '$&:'),
    'the inside of a buffer as printed': hex.replace(/..(?=.)/g, '$& '),
    base64: toBase64(secret.bytes),
    base64url: Buffer.from(secret.bytes).toString('base64url'),
    'base64 of something longer': Buffer.concat([Buffer.alloc(7), secret.bytes, Buffer.alloc(4)]).toString(
      'base64',
    ),
    'a list of numbers': JSON.stringify([...secret.bytes]),
    'percent code': Array.from(secret.bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    'the first half of it': hex.slice(0, 40),
  }
  for (const [form, text] of Object.entries(inForm)) {
    const { log, text: written } = keptLog()
    log.with({ activation: 'ab' }).debug({ detail: `x${text}` }, 'a mistake')
    assert.notDeepEqual(findSecrets(written(), [secret]), [], form)
    assert.deepEqual(findSecrets(written(), [secretBytes('another', randomBytes(32))]), [])
  }
  for (const spelling of ['ABCD-EFGH-JKMN', 'abcdefghjkmn', 'abcd efgh jkmn', 'Abcd-efgh-jkmn'])
    assert.notDeepEqual(findSecrets(`{"m":"${spelling}"}`, passwordSecrets('password', 'abcd-efgh-jkmn')), [])
  assert.ok(forms.length >= 5)
})
