/** The oracle of the torture tests finds what it is there to find. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Found, judgeFrames, judgeMailbox, type MailNote } from '../../torture/oracle.ts'

const mailbox = 'm@example.test'
const note = (over: Partial<MailNote> = {}): MailNote => ({
  id: 'a',
  mailbox,
  digest: 'd',
  attempts: 1,
  acked: true,
  uid: null,
  ...over,
})
const found = (over: Partial<Found> = {}): Found => ({ uid: 1, id: 'a', digest: 'd', ...over })
const counts = (notes: readonly MailNote[], there: readonly Found[], before: readonly Found[] = []) => {
  const { missing, twice } = judgeMailbox(mailbox, notes, before, there)
  return [missing.length, twice.length]
}

test('what was acknowledged and is there once is neither missing nor there twice', () => {
  assert.deepEqual(counts([note({ uid: 1 })], [found()], [found()]), [0, 0])
})

test('a message that is gone, has other bytes or another UID is missing', () => {
  assert.deepEqual(counts([note()], []), [1, 0])
  assert.deepEqual(counts([note()], [found({ digest: 'other' })]), [1, 0])
  assert.deepEqual(counts([note({ uid: 2 })], [found()]), [1, 0])
  assert.deepEqual(counts([], [], [found()]), [1, 0])
})

test('a message that is there more often than its end was sent is there twice, and so is a UID of two', () => {
  assert.deepEqual(counts([note()], [found(), found({ uid: 2 })]), [0, 1])
  assert.deepEqual(counts([note({ attempts: 2 })], [found(), found({ uid: 2 })]), [0, 0])
  assert.deepEqual(counts([note(), note({ id: 'b' })], [found(), found({ id: 'b' })]), [0, 1])
})

test('what was never acknowledged may be there or not', () => {
  assert.deepEqual(counts([note({ acked: false })], []), [0, 0])
  assert.deepEqual(counts([note({ acked: false })], [found()]), [0, 0])
})

test('a frame with a receipt that never came is missing, one that came after it was delivered is there twice', () => {
  const frame = { id: 'f', stored: true, delivered: false, received: 0, receivedAgain: 0 }
  assert.equal(judgeFrames([frame]).missing.length, 1)
  assert.equal(judgeFrames([{ ...frame, stored: false }]).missing.length, 0)
  assert.equal(judgeFrames([{ ...frame, received: 2 }]).twice.length, 0)
  assert.equal(judgeFrames([{ ...frame, received: 2, delivered: true, receivedAgain: 1 }]).twice.length, 1)
})
