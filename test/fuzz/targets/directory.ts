/** Answers of a directory server, and the names in them. */
import { entryName, isBelow, sameDn } from '#directory/dn.ts'
import {
  countElements,
  isAnswer,
  messageBytesMax,
  messageLength,
  moreFollows,
} from '#directory/ldap-message.ts'
import { answer, entry, paged, result } from '../../unit/directory/ber.ts'
import type { FuzzTarget } from '../engine/target.ts'
import { expect, orRefused } from './expect.ts'

const answerTarget: FuzzTarget = {
  name: 'ldap-answer',
  run: (input) => {
    const length = orRefused(() => messageLength(input), Error)
    expect(length === null || length <= messageBytesMax, 'no message is longer than one may be')
    expect(countElements(input) <= input.length, 'every element has a byte')
    const good = isAnswer(input)
    expect(!good || length === input.length, 'an answer is as long as it says')
    expect(good || !isAnswer(input), 'the same bytes are judged alike')
    moreFollows(input)
  },
  seeds: () => [
    answer(2, result(0x61, 0)),
    answer(300, entry('uid=a,dc=x', { mail: ['a@x.test', 'b@x.test'], cn: [Uint8Array.of(255)] })),
    answer(3, result(0x65, 4, 'limit'), paged('next')),
    answer(3, result(0x65, 0), paged('')),
  ],
}

const dnTarget: FuzzTarget = {
  name: 'distinguished-name',
  run: (input) => {
    const text = Buffer.from(input).toString('utf8')
    const name = entryName(text)
    expect(name === null || name.length <= text.length, 'a name is no longer than what it stands in')
    expect(!isBelow(text, text) || text === '', 'nothing is below itself')
    const once = sameDn(text)
    expect(sameDn(once) === once, 'a name brought into one form stays in it')
  },
  seeds: () =>
    ['cn=Sales\\, north,ou=groups,dc=x', 'cn=M\\C3\\BCller+uid=m,dc=x', 'a'].map((one) => Buffer.from(one)),
  dictionary: ['\\', ',', '+', '=', 'cn=', '\\2c', '#04'],
}

export const targets: readonly FuzzTarget[] = [answerTarget, dnTarget]
