// Mail servers that answer oddly, late, or not at all: what the sender is told, and that nothing comes twice.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FaultCode } from '#kernel/fault.ts'
import type { Answer, FakeLmtp } from '../support/fake-lmtp.ts'
import { address } from './imap-server-embedded.ts'
import { alice, bob, once, refusedWith, startSite, text } from './lmtp-site.ts'

test('a mail goes over once, its dots doubled, with what its envelope needs', async (t) => {
  const { fake, deliver } = await startSite(t)
  assert.equal(await deliver(), 1)
  assert.equal(await deliver(bob), 1)
  assert.deepEqual(
    fake.texts.map(({ to, text }) => [to, text.replace(/^\./gm, '')]),
    [
      [alice, text],
      [bob, text],
    ],
  )
  assert.deepEqual(fake.commands.slice(0, 4), [
    'LHLO mx.test',
    `MAIL FROM:<sender@client.test> SIZE=${text.length}`,
    'RCPT TO:<alice@example.test>',
    'DATA',
  ])
  assert.equal(fake.connections().made, 1)
})

for (const [answer, expected, code] of [
  ['250-2.0.0 one\r\n250 2.0.0 two', null, null],
  ['452 4.2.2 full', 452, 'delivery.put_off'],
  ['550 5.7.1 no', 550, 'delivery.refused'],
  ['421 4.3.2 bye', 451, 'delivery.put_off'],
  ['354 go on', 451, 'delivery.protocol'],
  ['bananas', 451, 'delivery.protocol'],
  ['250 2.0.0 once\r\n250 2.0.0 twice', null, null],
  ['250 2.0.0 yes\r\nbananas', null, null],
  ['drop', 451, 'delivery.unreachable'],
  ['silent', 451, 'delivery.unreachable'],
  [{ afterMs: 300, say: '250 2.0.0 late' }, null, null],
  [{ afterMs: 1_500, say: '250 2.0.0 too late' }, 451, 'delivery.unreachable'],
] as readonly (readonly [Answer, number | null, FaultCode | null])[])
  test(`the answer to the mail is ${JSON.stringify(answer)}, and it is sent once`, async (t) => {
    const { fake, deliver } = await startSite(t, { times: { stepMs: 3_000, answerMs: 1_000 } })
    await deliver(bob)
    fake.answers.end = answer
    if (expected && code) {
      const lost = code === 'delivery.unreachable' ? /^after the mail was sent/ : /(?:)/
      await refusedWith(deliver(), expected, code, lost)
    } else assert.equal(await deliver(), 1)
    assert.equal(fake.texts.filter(({ to }) => to === alice).length, 1)
    fake.answers = {}
    assert.equal(await deliver(bob), 1, 'the next mail is none the worse')
    assert.equal(fake.texts.length, 3)
  })

for (const moment of ['MAIL', 'RCPT', 'DATA'] as const)
  for (const [answer, expected, code] of [
    ['451 4.3.0 later', 451, 'delivery.put_off'],
    ['550 5.1.1 no', 550, moment === 'RCPT' ? 'delivery.no_user' : 'delivery.refused'],
    ['bananas', 451, 'delivery.protocol'],
    ['silent', 451, 'delivery.unreachable'],
    ['drop', 451, 'delivery.unreachable'],
  ] as const)
    test(`the answer to ${moment} is ${answer}: no text is sent, and the next mail is none the worse`, async (t) => {
      const { fake, deliver } = await startSite(t, { times: { stepMs: 500, answerMs: 500 } })
      fake.answers[moment] = answer
      await refusedWith(deliver(), expected, code)
      assert.deepEqual(fake.texts, [])
      fake.answers = {}
      assert.equal(await deliver(), 1)
      assert.equal(fake.texts.length, 1)
    })

test('each recipient has the answer that was meant for it', async (t) => {
  const { fake, deliver } = await startSite(t)
  const said: Readonly<Record<string, Answer>> = {
    'a@example.test': '250 2.0.0 yes',
    'b@example.test': '452 4.2.2 full',
    'c@example.test': '550 5.7.1 no',
  }
  fake.answers.end = (to) => said[to]
  const outcomes = await Promise.allSettled(Object.keys(said).map((to) => deliver(address(to))))
  assert.deepEqual(
    outcomes.map((one) => (one.status === 'fulfilled' ? 250 : one.reason.answer.code)),
    [250, 452, 550],
  )
  assert.deepEqual(fake.texts.map(({ to }) => to).toSorted(), Object.keys(said))
})

for (const [what, dies] of Object.entries({
  'has hung up': (fake: FakeLmtp) => fake.hangUp(),
  'hangs up at the first command': (fake: FakeLmtp) => {
    const drop = once('drop')
    fake.answers = { MAIL: drop, DATA: drop }
  },
  'says goodbye to the first command': (fake: FakeLmtp) => {
    const goodbye = once('421 4.4.2 idle for too long')
    fake.answers = { MAIL: goodbye, DATA: goodbye }
  },
}))
  test(`a connection that was used before and ${what} is made anew, once`, async (t) => {
    const { fake, deliver, deliverer } = await startSite(t)
    await deliver(bob)
    dies(fake)
    assert.equal(await deliver(), 1)
    assert.deepEqual(
      fake.texts.map(({ to }) => to),
      [bob, alice],
    )
    assert.equal(fake.connections().made, 2)
    dies(fake)
    await deliverer.accepts(alice, '')
    assert.equal(fake.connections().made, 3)
  })

test('a new connection that dies is not tried again', async (t) => {
  const { fake, deliver } = await startSite(t)
  fake.answers.MAIL = 'drop'
  await refusedWith(deliver(), 451, 'delivery.unreachable')
  assert.equal(fake.connections().made, 1)
})
