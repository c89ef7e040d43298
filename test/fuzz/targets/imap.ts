/** What the embedded IMAP server reads: commands from any client, and the mails of strangers. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { envelopeAddresses } from '#imap-server/address-list.ts'
import { BadCommand, CommandArguments } from '#imap-server/command-arguments.ts'
import { CommandReader, type RawCommand } from '#imap-server/command-reader.ts'
import { describeMessage } from '#imap-server/describe-message.ts'
import { parseFetchItems } from '#imap-server/fetch-items.ts'
import { parseFlags } from '#imap-server/flags.ts'
import { parseInternalDate } from '#imap-server/imap-date.ts'
import { makeMatcher } from '#imap-server/list-pattern.ts'
import { findBodyStart, headerFields, headerText } from '#imap-server/mime-header.ts'
import { parseParameterised, splitOutsideQuotes, unquoted, withoutComments } from '#imap-server/mime-value.ts'
import { decodeMutf7, encodeMutf7 } from '#imap-server/mutf7.ts'
import { tagOf } from '#imap-server/run-command.ts'
import { parseSearch } from '#imap-server/search-keys.ts'
import { decodeHeader } from '#imap-server/search-text.ts'
import { formatSequenceSet, resolveSequenceSet, resolveUidSet } from '#imap-server/sequence-set.ts'
import { Refused } from '#imap-server/session.ts'
import { parseStatusItems } from '#imap-server/status.ts'
import { headerField } from '#mailbox/header-field.ts'
import type { MessagePart } from '#store/mail.ts'
import type { FuzzTarget } from '../engine/target.ts'
import { expect, latin1, orRefused, text, texts } from './expect.ts'

const noClock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {}, sleep: async () => {} }
const readLimits = {
  lineBytesMax: 2_048,
  literalBytesMax: (line: string) => (/ APPEND /i.test(line) ? 4_096 : 256),
  takeRoom: () => true,
  waitMs: 1_000,
  commandMs: 1_000,
  literalBytesPerSecondMin: 1_000,
}

/** The commands in `input`, sent in pieces of `piece` bytes by a client that then goes away. */
async function commandsOf(input: Uint8Array, piece: number): Promise<RawCommand[]> {
  const socket = Object.assign(new EventEmitter(), { pause: () => {}, resume: () => {}, destroy: () => {} })
  const reader = new CommandReader(socket as unknown as Socket, noClock, async () => {})
  for (let at = 0; at < input.length; at += piece)
    socket.emit('data', Buffer.from(input.subarray(at, at + piece)))
  socket.emit('end')
  const commands: RawCommand[] = []
  for (;;) {
    const read = await reader.readCommand(readLimits, () => {})
    if (read.kind !== 'command') return commands
    expect(read.command.text.length <= readLimits.lineBytesMax, 'a line is bounded')
    commands.push(read.command)
  }
}

const commandTarget: FuzzTarget = {
  name: 'imap-commands',
  run: async (input) => {
    const whole = await commandsOf(input, input.length || 1)
    const cut = await commandsOf(input, 1 + (input.length % 7))
    expect(JSON.stringify(whole) === JSON.stringify(cut), 'where the network cuts does not matter')
    for (const command of whole) {
      const args = new CommandArguments(command)
      orRefused(() => {
        args.expect(tagOf(command.text))
        args.space()
        args.word()
        while (!args.atEnd) {
          args.space()
          if (args.peek() === '(') args.list(() => args.astring())
          else args.listMailbox()
        }
      }, BadCommand)
    }
  },
  seeds: () =>
    texts(
      'a LOGIN "u\\"ser" {3+}\r\nabc\r\nb SELECT INBOX\r\n',
      'a1 LIST (SUBSCRIBED) "" (% *) RETURN (STATUS (MESSAGES))\r\n',
      'x APPEND INBOX (\\Seen) {5}\r\nhello\r\ny NOOP\n',
      '. ID ("a" NIL)\r\n',
      'a LOGIN {0}\r\n {0+}\r\n\r\n',
    ),
  dictionary: ['{1}\r\n', '{9999999999}\r\n', '{3+}\r\n', ' APPEND ', '\r\n', '\n', '"', '\\', '(', ')', ' '],
}

/** A parser of arguments, fed the input as one line; a NUL stands where a literal of three bytes is. */
const argumentTarget = (
  name: string,
  parse: (args: CommandArguments) => unknown,
  seeds: readonly string[],
  dictionary: readonly string[],
): FuzzTarget => ({
  name,
  run: (input) => {
    const line = latin1(input).replaceAll('\0', '{3}\r\n')
    const literals = Array.from({ length: line.split('{').length }, () => Buffer.from('abc'))
    orRefused(() => parse(new CommandArguments({ text: line, literals })), BadCommand, Refused)
  },
  seeds: () => seeds.map(text),
  dictionary: [...dictionary, '(', ')', ' ', '"', '\0', '{3}\r\n', '99999999999'],
})

const uids = [1, 2, 3, 7, 8, 20, 4_294_967_295]

const setTarget: FuzzTarget = {
  name: 'imap-sequence-set',
  run: (input) => {
    const set = latin1(input)
    const named = orRefused(() => resolveUidSet(set, uids), BadCommand)
    orRefused(() => resolveSequenceSet(set, uids), BadCommand)
    if (!named) return
    expect(
      named.every((uid) => uids.includes(uid)),
      'only what is there is named',
    )
    if (named.length > 0)
      expect(resolveUidSet(formatSequenceSet(named), uids).join() === named.join(), 'a set is read back')
  },
  seeds: () => texts('1', '1:*', '*', '3,1:2,*:20', '4294967295', '7:7,8'),
  dictionary: [':', ',', '*', '0', '4294967296', '1:*'],
}

const namesTarget: FuzzTarget = {
  name: 'imap-names',
  run: (input) => {
    const cut = input[0] ?? 0
    const pattern = latin1(input.subarray(1, 1 + cut))
    const name = latin1(input.subarray(1 + cut))
    makeMatcher(pattern)(name)
    const decoded = decodeMutf7(name)
    if (decoded !== null) expect(encodeMutf7(decoded) === name, 'a name has one spelling')
    parseInternalDate(name)
  },
  seeds: () => [
    new Uint8Array(Buffer.from('\x05a/*%bINBOX/&AGE-/x')),
    new Uint8Array(Buffer.from('\x00&ZeVnLIqe-')),
    new Uint8Array(Buffer.from('\x01* 1-Jan-2020 00:00:00 +0000')),
  ],
  dictionary: ['&', '-', '&-', '*', '%', '/', 'INBOX', '&AGE-', ' 1-Feb-0000 23:59:60 -9999'],
}

const mimeWords = [
  'Content-Type: ',
  'multipart/mixed; boundary=',
  'message/rfc822',
  'b',
  '\r\n--b',
  '\r\n--b--',
  '\r\n',
  '\n',
  '\r\n\r\n',
  'Content-Disposition: ',
  'Content-Transfer-Encoding: base64',
  'From: ',
  'Subject: ',
  'Date: ',
  '=?utf-8?Q?=C3=A4?=',
  '; charset="x"',
  "; name*=utf-8''%41",
  '(',
  ')',
  '<a@b.test>',
  ', ',
  ';',
  ':',
  '\\',
  '"',
  ' ',
  '\t',
]
const mailSeed =
  'From: "A (x)" <a@b.test>, g: c@d, e;\r\nSubject: =?utf-8?B?w6Q=?=\r\n x\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\npre\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhi\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntext\r\n--b--\r\n'

const messageTarget: FuzzTarget = {
  name: 'mime-message',
  run: (input) => {
    const raw = Buffer.from(input)
    const check = (part: MessagePart): void => {
      const inside =
        0 <= part.header && part.header <= part.body && part.body <= part.end && part.end <= raw.length
      expect(inside, 'every part lies inside the message')
      for (const child of part.parts ?? []) check(child)
      if (part.message) check(part.message)
    }
    const described = describeMessage(raw)
    check(described.root)
    expect(!/[\r\n\0]/.test(JSON.stringify(described)), 'a description is one line')
    const bodyStart = findBodyStart(raw, 0, raw.length)
    const fields = headerFields(raw, 0, bodyStart)
    headerText(raw, fields, 'subject')
  },
  seeds: () => texts(mailSeed, 'Subject: x\n\nbody', '', '\r\n\r\n'),
  dictionary: mimeWords,
}

const valueTarget: FuzzTarget = {
  name: 'mime-value',
  run: (input) => {
    const value = latin1(input)
    parseParameterised(value)
    unquoted(value)
    withoutComments(value)
    expect(splitOutsideQuotes(value, ';').join(';') === value, 'pieces make the whole again')
    decodeHeader(value)
  },
  seeds: () =>
    texts(
      'text/plain; charset="utf-8"; name="a;b"; (comment) x=1',
      "attachment; filename*0*=utf-8''a%20b; filename*1=c",
      '=?utf-8?Q?a_=C3=A4?= =?iso-8859-1?B?5A==?= plain',
    ),
  dictionary: mimeWords,
}

const addressTarget: FuzzTarget = {
  name: 'mime-addresses',
  run: (input) => {
    const envelope = envelopeAddresses(latin1(input))
    expect(
      envelope === 'NIL' || (envelope.startsWith('((') && envelope.endsWith('))')),
      'it is a list or NIL',
    )
  },
  seeds: () =>
    texts('a@b', '"A, B" <a@b.test> (c), g: x@y, <z@w>;, <@r1,@r2:a@b>', '=?utf-8?Q?x?= <a@[1.2.3.4]>'),
  dictionary: mimeWords,
}

const fieldTarget: FuzzTarget = {
  name: 'imap-answer-header',
  run: (input) => {
    for (const name of ['subject', 'x-mdap-message']) {
      const value = headerField(input, name)
      expect(value === null || !/\n[^ \t]/.test(value), 'a field is one line')
    }
  },
  seeds: () => texts(mailSeed, 'X-MDAP-Message: 1\nSubject : a\n\tb\n\n'),
  dictionary: [...mimeWords, 'X-MDAP-Message:'],
}

export const targets: readonly FuzzTarget[] = [
  commandTarget,
  argumentTarget(
    'imap-fetch',
    parseFetchItems,
    ['(BODY.PEEK[1.2.HEADER.FIELDS (a b)]<0.5> UID)', 'ALL', 'BODY[]<1.2>', 'BODY[1.MIME]'],
    ['BODY', '.PEEK', '[', ']', '<0.1>', 'HEADER.FIELDS.NOT (', 'TEXT', 'MIME', '1.', 'RFC822'],
  ),
  argumentTarget(
    'imap-search',
    parseSearch,
    [
      ' OR (NOT SEEN) HEADER a "b" UID 1:*',
      ' CHARSET UTF-8 TEXT \0',
      ' SINCE 1-Jan-2020 SMALLER 5 MODSEQ "/flags/x" all 5',
    ],
    [
      'OR ',
      'NOT ',
      '((((',
      'HEADER ',
      'UID ',
      'CHARSET ',
      'MODSEQ ',
      'SENTON ',
      '1-Jan-2020',
      'KEYWORD ',
      'LARGER ',
    ],
  ),
  argumentTarget(
    'imap-flags',
    parseFlags,
    ['(\\Seen x)', '\\Deleted a b', '()'],
    ['\\', '\\Recent', '\\Seen'],
  ),
  argumentTarget(
    'imap-status',
    parseStatusItems,
    ['(MESSAGES UIDNEXT)', '(HIGHESTMODSEQ)'],
    ['MESSAGES', 'UIDVALIDITY', 'SIZE', 'constructor', '__proto__'],
  ),
  setTarget,
  namesTarget,
  messageTarget,
  valueTarget,
  addressTarget,
  fieldTarget,
]
