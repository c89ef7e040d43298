/** `npm run bench -- --quick` runs every part; what it says of speed is the machine's business, not this test's. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Row } from '../../bench/support/part.ts'
import { missingPeer } from '../support/peers.ts'
import { run } from '../support/process.ts'
import { temporaryDirectory } from '../support/store.ts'

const root = join(import.meta.dirname, '..', '..')

/** Left out where there is no Dovecot. */
const gatewayRows = {
  'LMTP through the gateway, 1 connection': 20,
  'LMTP through the gateway, 4 connections': 20,
  'LMTP through the gateway, 8 connections': 20,
  'APPEND through the gateway, 1 connection': 20,
  'APPEND through the gateway, 4 connections': 20,
}

/** The same. */
const watchRows = {
  'STATUS of 200 mailboxes, 4 connections': 1_000,
  'reading 50 mailboxes with a new mail each, one connection': 250,
  'mail found by LIST-STATUS alone, p50': 20,
}

/** The same, and where there is no Postfix. */
const besideRows = {
  "activation beside Dovecot by the relay's hint, p50": 5,
  'activation beside Dovecot by the push hook, p50': 2,
  'activation beside Dovecot by LIST-STATUS alone, p50': 1,
  'activation beside Dovecot by IDLE, p50': 1,
  'activations beside Dovecot, 32 in flight': 8,
  'processor time of one activation, Dovecot': 8,
}

/** Rows that a run must have, and the least of mails, messages, verifications or activations behind each. */
const least: Readonly<Record<string, number>> = {
  'SPAKE2+ verifier': 30,
  'ingress, 50 connections': 100,
  'ingress, 1 connection': 20,
  'ingress, 1 connection, against commits': 20,
  ...(missingPeer('dovecot') ? {} : { ...gatewayRows, ...watchRows }),
  ...(missingPeer('dovecot', 'postfix') ? {} : besideRows),
  'IMAP STATUS, one at a time': 20,
  'IMAP STATUS, 64 in flight': 64,
  'IMAP FETCH, one at a time': 20,
  'IMAP FETCH, 64 in flight': 64,
  'relay, plain': 100,
  'relay, TLS': 100,
  'activation, one at a time': 5,
  'commits of one activation': 5,
  'key stretching on the handheld': 5,
  'activations, 8 in flight': 12,
  'peak memory of the server': 1,
  'policy change for 12 handhelds': 12,
  'SQL statements for one handheld': 8,
}

const json = (path: string): Row[] => JSON.parse(readFileSync(path, 'utf8')) as Row[]

test('the quick benchmark measures every part and writes its rows', { timeout: 175_000 }, async (t) => {
  const path = join(temporaryDirectory(t), 'rows.json')
  const bench = await run(process.execPath, [join(root, 'bench', 'run.ts'), '--quick', '--json', path], {
    cwd: root,
    timeoutMs: 170_000,
  })
  assert.equal(bench.code, 0, bench.stderr)
  const rows = json(path)
  for (const [name, work] of Object.entries(least)) {
    const row = rows.find((one) => one.name === name)
    assert(row, `no row ${name}`)
    assert(row.work >= work, `${name}: only ${row.work}`)
    assert(bench.stdout.includes(name), `the table has no line ${name}`)
  }
  for (const row of rows) checkForm(row)
  assert(rows.filter(({ target }) => target !== null).length >= 7)
})

function checkForm(row: Row): void {
  const { name, value, unit, ratio, target, better, met, rounds } = row
  // What must not be may be none; and of the kernel's ticks Postfix may take none for a few mails.
  const mayBeNone = target === 0 || name === 'processor time of one activation, Postfix'
  assert(Number.isFinite(value) && (mayBeNone ? value >= 0 : value > 0), `${name}: ${value}`)
  assert(unit !== '' && rounds >= 1, name)
  assert.equal(row.against === null, ratio === null, name)
  if (target === null) {
    assert.equal(met, null, name)
    return
  }
  if (ratio !== null) assert(rounds >= 5, `${name}: a ratio of ${rounds} rounds`)
  const figure = ratio ?? value
  assert.equal(met, better === 'at_most' ? figure <= target : figure >= target, name)
}

test('a part that is not there is refused by name', async () => {
  const bench = await run(process.execPath, [join(root, 'bench', 'run.ts'), 'planted'], { cwd: root })
  assert.notEqual(bench.code, 0)
  assert.match(bench.stderr, /no such part: planted/)
})
