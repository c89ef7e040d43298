/** What a mail server's push hook sends. */
import { decodeMailHint, hintBytesMax } from '#http/mail-hint.ts'
import type { FuzzTarget } from '../engine/target.ts'
import { expect, texts } from './expect.ts'

const hintTarget: FuzzTarget = {
  name: 'mail-hint',
  run: (input) => {
    const hint = decodeMailHint(input)
    if (!hint.ok) return
    const { user, mailbox, uidValidity, uid, ...more } = hint.value
    expect(Object.keys(more).length === 0, 'nothing else comes through')
    expect(user.length >= 1 && user.length <= 254 && !/\p{Cc}/u.test(user), 'the user is a short line')
    expect(mailbox.length >= 1 && mailbox.length <= 1_024 && !/\p{Cc}/u.test(mailbox), 'so is the mailbox')
    for (const number of [uidValidity, uid])
      expect(number === null || (number >>> 0 === number && number > 0), 'numbers have 32 bits and are not 0')
  },
  seeds: () =>
    texts(
      '{"user":"alice@example.test","mailbox":"INBOX","uidvalidity":1795902774,"uid":1}',
      '{"mailbox":"Junk","user":"alice"}',
      '{"user":"\\u0061","mailbox":"Entw\\u00fcrfe/\\ud83d\\ude00","uid":4294967295}',
    ),
  dictionary: [
    '"user":',
    '"mailbox":',
    '"uid":',
    '"uidvalidity":',
    '"__proto__":',
    '\\u0000',
    '1e9',
    '-0',
    'null',
    '{',
    '}',
    '[',
    ']',
  ],
  bytesMax: hintBytesMax + 16,
}

export const targets: readonly FuzzTarget[] = [hintTarget]
