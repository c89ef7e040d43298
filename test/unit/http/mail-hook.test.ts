/** Where a mail server's push hook speaks: every refusal, and that no answer tells who is a user. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AppParts, makeApp } from '#http/app.ts'
import type { MailHint } from '#http/mail-hint.ts'
import type { HookRefusal } from '#http/mail-hook.ts'
import { handClock } from '../agent/hand-clock.ts'

const token = 'sesame'
const hint = JSON.stringify({ user: 'alice@example.test', mailbox: 'INBOX', uid: 7 })

function makeHook(said: { token: string | null } = { token }) {
  const [heard, refused]: [MailHint[], HookRefusal[]] = [[], []]
  const clock = handClock(0)
  const parts: AppParts = {
    dependencies: [],
    metrics: async () => '',
    metricsType: 'text/plain',
    mailHook: {
      clock,
      token: () => said.token,
      heard: (one) => void heard.push(one),
      refused: (code) => void refused.push(code),
    },
  }
  const app = makeApp(parts)
  const post = (body: string | ReadableStream, authorization: string | null = `Bearer ${token}`) =>
    app.request('/hooks/mail', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...(authorization === null ? {} : { authorization }) },
      ...(typeof body === 'string' ? {} : { duplex: 'half' }),
    })
  return { app, clock, heard, refused, post }
}

const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { code: string }).code

test('a hint with the token is taken, and the answer is empty', async () => {
  const { post, heard, refused } = makeHook()
  const answer = await post(hint)
  assert.deepEqual([answer.status, await answer.text()], [204, ''])
  assert.deepEqual(heard, [{ user: 'alice@example.test', mailbox: 'INBOX', uidValidity: null, uid: 7 }])
  assert.deepEqual(refused, [])
})

test('a stranger is answered as a user is', async () => {
  const { post } = makeHook()
  const answers = await Promise.all(
    ['alice@example.test', 'nobody@nowhere.test', 'no address'].map((user) =>
      post(JSON.stringify({ user, mailbox: 'INBOX' })),
    ),
  )
  const seen = answers.map((answer) => [answer.status, [...answer.headers]])
  assert.deepEqual(seen[1], seen[0])
  assert.deepEqual(seen[2], seen[0])
})

for (const authorization of [
  null,
  '',
  'Bearer',
  'Bearer ',
  'Bearer sesam',
  'Bearer sesame2',
  'Bearer Sesame',
  `Bearer ${token} more`,
  `Basic ${token}`,
  token,
])
  test(`without the token nothing is heard: ${authorization}`, async () => {
    const { post, heard, refused } = makeHook()
    const answer = await post(hint, authorization)
    assert.deepEqual([answer.status, answer.headers.get('www-authenticate')], [401, 'Bearer'])
    const { code, says, next } = (await answer.json()) as Record<string, string>
    assert.equal(code, 'push.token')
    assert(says && next && !JSON.stringify({ says, next }).includes(token))
    assert.deepEqual([heard, refused], [[], ['push.token']])
  })

test('what is no hint is refused with its code, and so is what is too large', async () => {
  const { post, heard } = makeHook()
  const malformed = await post('{"user":"alice"}')
  assert.deepEqual([malformed.status, await codeOf(malformed)], [400, 'push.malformed'])
  const large = await post(hint + ' '.repeat(4_096))
  assert.deepEqual([large.status, await codeOf(large)], [413, 'push.too_large'])
  assert.deepEqual(heard, [])
})

test('a body without an end is read no further than the limit', async () => {
  const { post } = makeHook()
  let pulled = 0
  const endless = new ReadableStream({
    pull: (controller) => {
      pulled += 1
      controller.enqueue(new Uint8Array(1_024))
    },
  })
  const answer = await post(endless)
  assert.deepEqual([answer.status, await codeOf(answer)], [413, 'push.too_large'])
  assert(pulled < 10, `${pulled} KiB were read`)
})

test('guessing is bounded, and takes nothing from whoever has the token', async () => {
  const { post, clock, heard } = makeHook()
  const statuses: number[] = []
  for (let left = 30; left > 0; left -= 1) statuses.push((await post(hint, 'Bearer guess')).status)
  assert.deepEqual(statuses, [...Array(20).fill(401), ...Array(10).fill(429)])
  assert.equal((await post(hint)).status, 204)
  assert.equal(heard.length, 1)
  await clock.advance(1_000)
  assert.equal((await post(hint, 'Bearer guess')).status, 401)
})

test('hints are bounded, and heard again after a moment', async () => {
  const { post, clock, heard } = makeHook()
  const statuses = new Map<number, number>()
  for (let left = 2_100; left > 0; left -= 1) {
    const { status } = await post(hint)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  }
  assert.deepEqual(
    [...statuses],
    [
      [204, 2_000],
      [429, 100],
    ].map((pair) => pair as [number, number]),
  )
  assert.equal(await codeOf(await post(hint)), 'push.too_often')
  await clock.advance(100)
  assert.equal((await post(hint)).status, 204)
  assert.equal(heard.length, 2_001)
})

test('without a token there is no such page, with it there is none but POST', async () => {
  const none = makeHook({ token: null })
  assert.equal((await none.post(hint)).status, 404)
  assert.equal((await none.post(hint, null)).status, 404)
  assert.deepEqual([none.heard, none.refused], [[], []])
  const { app } = makeHook()
  assert.equal((await app.request('/hooks/mail')).status, 404)
})
