import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LogOptions, pinoLog } from '#telemetry/pino-log.ts'
import { isSecretName, redacted } from '#telemetry/redact.ts'

const nowMs = Date.UTC(2026, 0, 5, 13, 0, 0, 7)

function logged(options: Partial<LogOptions>) {
  const lines: string[] = []
  const sink = { write: (text: string) => lines.push(text) }
  return { lines, log: pinoLog({ level: 'info', format: 'json', sink, nowMs: () => nowMs, ...options }) }
}

test('a line is one JSON object with time, level, message and flat fields', () => {
  const { lines, log } = logged({})
  log.with({ txn: 'ab' }).warn({ code: 'imap.unreachable', tries: 3 }, 'mailbox put off')
  assert.equal(lines.length, 1)
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    time: '2026-01-05T13:00:00.007Z',
    level: 'warn',
    message: 'mailbox put off',
    txn: 'ab',
    code: 'imap.unreachable',
    tries: 3,
  })
})

test('lines below the level are not written', () => {
  const { lines, log } = logged({ level: 'warn' })
  log.info({}, 'quiet')
  log.debug({}, 'quieter')
  assert.deepEqual(lines, [])
})

test('fields that are secrets by their name are never written, in no format and at no level', () => {
  for (const format of ['json', 'pretty'] as const) {
    const { lines, log } = logged({ format, level: 'debug' })
    const secrets = { password: 'hunter2', srpKey: 'hunter2', w0: 'hunter2', run_secret: 'hunter2' }
    log.debug(secrets, 'a')
    log.with(secrets).error({ token: 'hunter2' }, 'b')
    assert.equal(lines.length, 2)
    assert.ok(!lines.join('').includes('hunter2'))
    assert.ok(lines[0]?.includes(redacted))
  }
})

test('names that only mention a secret are no secrets', () => {
  assert.deepEqual(
    ['password_file', 'keyId', 'kid', 'tokens_used', 'passwords', 'user', 'level'].filter(isSecretName),
    [],
  )
  assert.ok(['Password', 'masterKey', 'MASTER_KEY', 'activation-password', 'L'].every(isSecretName))
})

test('a pretty line reads like a sentence and cannot steer the terminal', () => {
  const { lines, log } = logged({ format: 'pretty' })
  log.info({ user: 'alice@example.test', says: 'two words', bad: '\u001b[31m' }, 'look\u001b[2J here')
  assert.match(
    lines[0] ?? '',
    /^\d\d:\d\d:00\.007 info {2}look\\u001b\[2J here user=alice@example\.test says="two words" bad="\\u001b\[31m"\n$/,
  )
})

test('colours come only when asked for', () => {
  const plain = logged({ format: 'pretty' })
  plain.log.error({}, 'x')
  const bright = logged({ format: 'pretty', colour: true })
  bright.log.error({}, 'x')
  assert.ok(!plain.lines.join('').includes('\u001b'))
  assert.ok(bright.lines.join('').includes('\u001b[31merror'))
})
