/** What the agent reads from a mail server that may be anybody's. */
import { Fault } from '#kernel/fault.ts'
import { openedFrom, readFetch, readSearch, readStatus, summaryOf } from '#mailbox/imap-replies.ts'
import { type ImapResponse, makeResponseCutter } from '#mailbox/response-cutter.ts'
import type { FuzzTarget } from '../engine/target.ts'
import { expect, latin1, orRefused, texts } from './expect.ts'

const limits = { responseBytesMax: 2_048 }

/** The responses in `input`, in pieces of `piece` bytes, up to where they are refused. */
function responsesOf(input: Uint8Array, piece: number): ImapResponse[] {
  const cutter = makeResponseCutter(limits)
  const responses: ImapResponse[] = []
  orRefused(() => {
    for (let at = 0; at < input.length; at += piece)
      responses.push(...cutter.push(Buffer.from(input.subarray(at, at + piece))))
  }, Fault)
  return responses
}

const responseTarget: FuzzTarget = {
  name: 'imap-responses',
  run: (input) => {
    const slow = responsesOf(input, 1 + (input.length % 7))
    const whole = responsesOf(input, input.length || 1)
    // Where one is refused the other may have handed out more before.
    const common = Math.min(slow.length, whole.length)
    const same = (some: ImapResponse[]) => JSON.stringify(some.slice(0, common))
    expect(same(slow) === same(whole), 'where the network cuts does not matter')
    for (const { text, literals } of whole) {
      const bytes = literals.reduce((sum, literal) => sum + literal.length, text.length)
      expect(bytes <= limits.responseBytesMax, 'a response is bounded')
    }
  },
  seeds: () =>
    texts(
      '* STATUS "all/a" (UIDVALIDITY 1 UIDNEXT 2 MESSAGES 3)\r\npk1 OK done\r\n',
      '* 1 FETCH (UID 1 BODY[] {5}\r\nhello)\r\n* BYE\r\n',
      '* 1 FETCH (BODY[] {0}\r\n {9999999999}\r\n',
    ),
  dictionary: ['{1}\r\n', '{9999999999}\r\n', '\r\n', '\n', '* ', '}', '{'],
}

const replyTarget: FuzzTarget = {
  name: 'imap-replies',
  run: async (input) => {
    const text = latin1(input).replaceAll('\0', '{3}\r\n')
    const literals = Array.from({ length: text.split('{3}\r\n').length - 1 }, () => Buffer.from('abc'))
    const response = { text, literals }
    const counters = orRefused(() => readStatus(response), Fault)
    if (counters) expect(Number.isInteger(counters.uidNext + counters.uidValidity), 'counters are numbers')
    const opened = orRefused(() => openedFrom('x', [response]), Fault)
    if (opened)
      expect(Number.isInteger(opened.uidNext + opened.uidValidity), 'what is opened has its numbers')
    const uids = orRefused(() => readSearch([response]), Fault) ?? []
    expect(uids.every(Number.isInteger), 'UIDs are numbers')
    const message = await readFetch(response).catch((error: unknown) => {
      if (error instanceof Fault) return null
      throw error
    })
    if (message) summaryOf(message)
  },
  seeds: () =>
    texts(
      '* STATUS "all/a" (UIDVALIDITY 1 UIDNEXT 2 MESSAGES 3)',
      '* STATUS \0 (MESSAGES 3 UIDNEXT 4294967295 UIDVALIDITY 1)',
      '* OK [UIDVALIDITY 7] ok',
      '* SEARCH 1 2 3',
      '* 5 FETCH (UID 5 FLAGS (\\Seen) RFC822.SIZE 3 INTERNALDATE " 1-Nov-2026 21:30:37 +0100" BODY[HEADER.FIELDS (SUBJECT)] \0)',
    ),
  dictionary: ['UIDNEXT ', 'UIDVALIDITY ', 'MESSAGES ', '\0', 'NIL', '"', '\\', '(', ')', '[', ']', '* '],
}

export const targets: readonly FuzzTarget[] = [responseTarget, replyTarget]
