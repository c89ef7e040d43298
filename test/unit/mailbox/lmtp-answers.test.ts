import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Opening, refusedMail, refusedOpening, refusedQuestion } from '#mailbox/lmtp-answers.ts'

const reply = (said: string) => ({ code: Number(said.slice(0, 3)), text: said.slice(4) })
const opening = (...said: readonly [string, string, string]): Opening => {
  const [mail, recipient, last] = said
  return [reply(mail), reply(recipient), reply(last)]
}

const yes = '250 2.0.0 OK'
const go = '354 go on'
const later = '452 4.2.2 Mailbox full'
const never = '550 5.7.1 No'
const goodbye = '421 4.3.2 Going down'
const odd = '334 hm'

/** Each answer to MAIL, RCPT and DATA, in every combination: which of them decides, and how. */
test('the first answer that is no yes decides, whatever comes after it', () => {
  const all = [yes, later, never, goodbye, odd]
  let seen = 0
  for (const mail of all)
    for (const recipient of all)
      for (const data of [go, ...all]) {
        const decides = [mail, recipient].find((said) => said !== yes) ?? (data === go ? null : data)
        const refused = refusedOpening(opening(mail, recipient, data))
        seen += 1
        if (decides === null) {
          assert.equal(refused, null)
          continue
        }
        assert(refused, `${mail} / ${recipient} / ${data}`)
        assert.equal(refused.answer.code, { [later]: 452, [never]: 550 }[decides] ?? 451)
        assert.equal(refused.answer.text.startsWith(decides === never ? '5.' : '4.'), true)
      }
  assert.equal(seen, 150)
})

test('a question ends with the answer to RCPT', () => {
  const asked = (mail: string, recipient: string) => refusedQuestion([reply(mail), reply(recipient)])
  assert.equal(asked(yes, yes), null)
  assert.equal(asked(never, yes)?.code, 'delivery.refused')
  assert.equal(asked(yes, never)?.code, 'delivery.no_user')
  assert.equal(asked(yes, later)?.code, 'delivery.put_off')
})

const answers: readonly (readonly [said: string, code: string, answer: string])[] = [
  ['452 4.2.2 Mailbox full', 'delivery.put_off', '452 4.2.2 Mailbox full'],
  ['451 later', 'delivery.put_off', '451 4.0.0 later'],
  ['552 5.2.2 Quota\n5.2.2 exceeded', 'delivery.refused', '552 5.2.2 Quota exceeded'],
  ['554', 'delivery.refused', '554 5.0.0 Refused'],
  ['550 4.7.1 of two minds', 'delivery.refused', '550 5.0.0 of two minds'],
  ['550 5.7.1 n\xf6\x07', 'delivery.refused', '550 5.7.1 n?'],
  [`550 5.7.1 ${'x'.repeat(1_000)}`, 'delivery.refused', `550 5.7.1 ${'x'.repeat(394)}`],
  ['421 4.3.2 Going down', 'delivery.put_off', '451 4.3.2 Going down'],
  [
    '503 5.5.1 bad sequence',
    'delivery.protocol',
    '451 4.5.0 The mail server answered oddly, try again later',
  ],
  ['354 go on', 'delivery.protocol', '451 4.5.0 The mail server answered oddly, try again later'],
]
for (const [said, code, answer] of answers)
  test(`the answer to a mail is passed on: ${said.slice(0, 40)}`, () => {
    const refused = refusedMail(reply(said))
    assert.equal(refused?.code, code)
    assert.equal(`${refused?.answer.code} ${refused?.answer.text}`, answer)
  })

test('every 2xx to a mail is a yes, and nothing else', () => {
  for (let code = 200; code < 600; code += 1)
    assert.equal(refusedMail({ code, text: '' }) === null, code < 300, String(code))
})
