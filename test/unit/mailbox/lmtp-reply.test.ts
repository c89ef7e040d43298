import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeReplyReader, replyLineMax, replyLinesMax } from '#mailbox/lmtp-reply.ts'

/** The replies of all chunks; null once one is refused. */
function read(...chunks: readonly string[]) {
  const reader = makeReplyReader()
  const replies = []
  for (const chunk of chunks) {
    replies.push(...reader.feed(chunk))
  }
  return reader.broken() ? null : replies
}

test('replies are read wherever the network cuts them, several at once or one in pieces', () => {
  const text = '250-mail.test\r\n250-SIZE 100\r\n250 OK\r\n354\r\n550 5.1.1 no\r\n'
  const replies = [
    { code: 250, text: 'mail.test\nSIZE 100\nOK' },
    { code: 354, text: '' },
    { code: 550, text: '5.1.1 no' },
  ]
  assert.deepEqual(read(text), replies)
  for (let at = 1; at < text.length; at += 1)
    assert.deepEqual(read(text.slice(0, at), text.slice(at)), replies, String(at))
})

for (const [what, said] of Object.entries({
  'no code': 'hello\r\n',
  'a code of no class': '650 x\r\n',
  'a code that is too long': '2500 x\r\n',
  'a line that ends without CR': '250 OK\n250 OK\r\n',
  'a NUL': '250 a\0b\r\n',
  'a code that changes within a reply': '250-a\r\n550 b\r\n',
  'an endless line': `250 ${'x'.repeat(replyLineMax)}\r\n`,
  'a line that never ends': 'x'.repeat(replyLineMax + 2),
  'endless lines': '250-x\r\n'.repeat(replyLinesMax + 1),
}))
  test(`what is no reply is refused: ${what}`, () => {
    assert.equal(read(said), null)
    assert.equal(read(...said), null, 'byte by byte too')
  })

test('after what was refused nothing is read any more', () => {
  const reader = makeReplyReader()
  assert.deepEqual(reader.feed('250 yes\r\nwhat?\r\n250 OK\r\n'), [{ code: 250, text: 'yes' }])
  assert.deepEqual(reader.feed('250 OK\r\n'), [])
  assert(reader.broken())
})
