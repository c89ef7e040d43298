// IMAP from a user of the site who means ill: bombs of SEARCH, FETCH and APPEND, beside somebody who activates.

import assert from 'node:assert/strict'
import { imapOf } from '../support/e2e-mailbox.ts'
import { type Attack, testAttacks } from '../support/hostile-peers.ts'

const peakMibMax = 720
const mib = 1_024 * 1_024

const nested = (word: string, depth: number, end: string): string => word.repeat(depth) + end
/** Each is answered BAD, as one line of at most 64 KiB. */
const searchesTooFar: readonly string[] = [
  nested('NOT ', 15_000, 'ALL'),
  nested('(', 30_000, 'ALL'),
  nested('OR ALL ', 9_000, 'ALL'),
  nested('OR (NOT ', 51, 'ALL'),
  nested('SEEN ', 12_000, 'SEEN'),
  `UID ${nested('1:4294967296,', 4_000, '1')}`,
]
const searchesWide: readonly string[] = [
  `UID ${nested('1:4294967295,', 4_900, '1')}`,
  nested('UID 1:* ', 490, 'ALL'),
  nested('OR NOT ALL ', 24, 'NOT NOT ALL'),
]

const searchBombs: Attack = async (postkey, victim, t) => {
  const imap = await (await imapOf(t, postkey, victim))()
  await imap.ok('SELECT INBOX')
  for (const keys of searchesTooFar) assert.equal((await imap.command(`SEARCH ${keys}`)).status, 'BAD')
  for (const keys of searchesWide) await imap.ok(`SEARCH ${keys}`)
}

/** A mail of 20 MB in parts of text. */
function largeMail(): Buffer {
  const part = `--b\r\nContent-Type: text/plain\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(52_000)}`
  return Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(5)}--b--\r\n`)
}

/** While such a SEARCH runs, others are answered: one session, and whoever activates. */
const textSearches: Attack = async (postkey, victim, t) => {
  const dial = await imapOf(t, postkey, victim)
  const [imap, other] = [await dial(), await dial()]
  await imap.ok('APPEND INBOX ', largeMail())
  await imap.ok('SELECT INBOX')
  const bomb = (key: string) =>
    imap.send(`SEARCH ${Array.from({ length: 240 }, (_, i) => `NOT ${key} y${i}`).join(' ')}`)
  let isDone = false
  const searched = imap.answer(bomb('BODY')).then(({ status }) => {
    isDone = true
    assert.equal(status, 'OK')
  })
  await other.ok('NOOP')
  assert(!isDone, 'the search had the server to itself')
  await searched
  for (const key of ['TEXT', 'BODY', 'SUBJECT', 'TEXT']) bomb(key)
  return async () => imap.close()
}

const fetchBombs: Attack = async (postkey, victim, t) => {
  const dial = await imapOf(t, postkey, victim)
  const imap = await dial()
  await imap.ok('APPEND INBOX ', largeMail())
  await imap.ok('SELECT INBOX')
  await imap.ok(`UID FETCH ${nested('1:4294967295,', 4_900, '1')} (FLAGS)`)
  assert.equal((await imap.command(`FETCH 1 (${nested('UID ', 15_000, 'UID')})`)).status, 'BAD')
  assert.equal((await imap.command('FETCH 1 (BODY.PEEK[]<0.99999999999999999>)')).status, 'BAD')
  const last = Number.MAX_SAFE_INTEGER
  await imap.ok(`FETCH 1 (BODY.PEEK[]<${last}.${last}>)`)
  const whole = nested('BODY.PEEK[]<0.4294967295> ', 99, 'BODY.PEEK[]')
  const greedy = await Promise.all(Array.from({ length: 8 }, dial))
  for (const one of greedy) {
    await one.ok('SELECT INBOX')
    one.socket.pause()
    one.send(`FETCH 1 (${whole})`)
  }
  return async () => {
    for (const one of greedy) one.close()
    // Nobody reads on for clients that have gone.
    await postkey.addUser('afterwards@example.test')
  }
}

const appends: Attack = async (postkey, victim, t) => {
  const dial = await imapOf(t, postkey, victim)
  for (const size of ['4294967295', '9999999999', '26214401']) {
    const imap = await dial()
    imap.write(`a APPEND INBOX {${size}}\r\n`)
    assert.match((await imap.response()) ?? '', /^a NO \[TOOBIG\]/)
    imap.write(`b APPEND INBOX {${size}+}\r\n`)
    assert.match((await imap.response()) ?? '', /^\* BYE/)
  }
  // Most of a message each, and never its end.
  const half = Buffer.alloc(18 * mib, 'x')
  const held = await Promise.all(Array.from({ length: 16 }, dial))
  for (const one of held) {
    one.write(`a APPEND INBOX {${25 * mib}+}\r\n`)
    one.write(half)
  }
  await Promise.all(held.map(({ socket }) => socket.writableLength > 0 && drained(socket)))
  return async () => {
    for (const one of held) one.close()
  }
}

const drained = (socket: NodeJS.WritableStream) =>
  new Promise<void>((resolve) => {
    socket.once('drain', () => resolve())
    socket.once('close', () => resolve())
  })

testAttacks('no session of a user keeps another from activating, or makes the server large', peakMibMax, {
  'SEARCH nested and wide beyond all bounds': searchBombs,
  'SEARCH for hundreds of texts in a large mail': textSearches,
  'FETCH of everything again and again, and never read': fetchBombs,
  'APPEND of more than there may be, and of what never ends': appends,
})
