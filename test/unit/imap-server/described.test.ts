import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { makeDescriber } from '#imap-server/described.ts'
import { Fault } from '#kernel/fault.ts'
import { silentLog } from '#kernel/log.ts'
import type { MailStore } from '#store/mail.ts'
import { address } from '../../contract/imap-server-embedded.ts'
import { openTestStore } from '../../support/store.ts'

const raw = new Uint8Array(Buffer.from('Subject: hello\r\n\r\ntext\r\n'))

async function delivered(t: TestContext) {
  const { mail } = openTestStore(t)
  await mail.createAccount(address('a@example.test'), [], 0)
  const [{ mailboxId = 0 } = {}] = await mail.deliver({
    recipients: [address('a@example.test')],
    raw,
    nowMs: 0,
  })
  const [row] = await mail.findMessages(mailboxId, [1])
  assert(row)
  return { mail, row }
}

test('a message is described when somebody first asks, and its bytes are read that once', async (t) => {
  const { mail, row } = await delivered(t)
  let reads = 0
  const counting: MailStore = new Proxy(mail, {
    get: (target, name) => {
      if (name === 'readBody') reads += 1
      return Reflect.get(target, name)
    },
  })
  const describe = makeDescriber(counting, silentLog)
  const first = await describe(row)
  assert.match(Buffer.from(first?.envelope ?? []).toString(), /"hello"/)
  assert.deepEqual(await describe(row), first)
  assert.deepEqual(await mail.describe(row.bodyId), first)
  assert.equal(reads, 1)
})

test('a message that is gone has no description', async (t) => {
  const { mail, row } = await delivered(t)
  assert.equal(await makeDescriber(mail, silentLog)({ ...row, bodyId: row.bodyId + 1 }), null)
})

test('where nothing can be written the question is answered all the same', async (t) => {
  const { mail, row } = await delivered(t)
  const full: MailStore = new Proxy(mail, {
    get: (target, name) =>
      name === 'keepDescription'
        ? async () => assert.fail(new Fault('store.full'))
        : Reflect.get(target, name),
  })
  const describe = makeDescriber(full, silentLog)
  assert.equal((await describe(row))?.root.type, 'text/plain')
  assert.equal((await describe(row))?.root.type, 'text/plain')
})
