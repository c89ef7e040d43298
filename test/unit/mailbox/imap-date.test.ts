import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imapDateTime, imapDay } from '#mailbox/imap-date.ts'

test('a day and a moment are written as RFC 3501 has them', () => {
  const ms = Date.UTC(2026, 1, 3, 4, 5, 6, 789)
  assert.equal(imapDay(ms), '03-Feb-2026')
  assert.equal(imapDateTime(ms), '"03-Feb-2026 04:05:06 +0000"')
})
