// Dovecot dies under load: every 250 we gave is in a mailbox, everything else was a 4xx, and the sender comes again.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { startGateway, trySending } from '../support/gateway.ts'
import { missingPeer } from '../support/peers.ts'

const senders = 6
const mailsEach = 40
const names = ['alice', 'bob', 'carol']

test('a mail server that is killed under load loses nothing and gets little twice', {
  skip: missingPeer('dovecot'),
  timeout: 170_000,
}, async (t) => {
  const { postkey, dovecot, subjects } = await startGateway(t, 'lmtp', names, ['delivery.connections=4'])
  let taken = 0
  let putOff = 0
  /** Mails whose text was over when the answer was lost: whether they were taken nobody can know. */
  const unknown = new Map<string, number>()

  const sendUntilTaken = async (subject: string, to: string): Promise<void> => {
    for (;;) {
      const { answer, sent } = await trySending(postkey.ports.smtp, to, subject)
      if (answer.startsWith('250')) break
      assert.match(answer, /^4/, `${subject}: ${answer}`)
      putOff += 1
      if (sent) unknown.set(subject, (unknown.get(subject) ?? 0) + 1)
      await after(100)
    }
    taken += 1
  }
  const sender = async (number: number): Promise<void> => {
    for (let i = 0; i < mailsEach; i += 1)
      await sendUntilTaken(`mail ${number}-${i}`, `${names[(number + i) % names.length]}@example.test`)
  }
  const killer = async (): Promise<void> => {
    for (const share of [0.25, 0.5, 0.75]) {
      while (taken < share * senders * mailsEach) await after(5)
      await dovecot.kill()
      const before = putOff
      while (putOff < before + senders) await after(20)
      await dovecot.restart()
    }
  }
  await Promise.all([killer(), ...Array.from({ length: senders }, (_, number) => sender(number))])

  const copies = new Map<string, number>()
  for (const name of names)
    for (const subject of await subjects(`${name}@example.test`))
      copies.set(subject, (copies.get(subject) ?? 0) + 1)
  assert.equal(taken, senders * mailsEach)
  assert.equal(copies.size, taken, 'every mail that was taken is there, and no other')
  assert(putOff >= 3 * senders, `${putOff} were put off`)
  for (const [subject, count] of copies)
    assert(count <= 1 + (unknown.get(subject) ?? 0), `${subject} is there ${count} times`)
  const twice = [...copies.values()].filter((count) => count > 1).length
  t.diagnostic(
    `${taken} taken, ${putOff} put off, ${unknown.size} without an answer, ${twice} of these there twice`,
  )
})
