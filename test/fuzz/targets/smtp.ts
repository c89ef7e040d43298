/** What the SMTP ingress reads: the text of mails and the whole conversation. */
import { makeDataPhase } from '#ingress/data-phase.ts'
import { StrictStream, type Violation } from '#ingress/strict-stream.ts'
import { refusedMail } from '#mailbox/lmtp-answers.ts'
import { type LmtpReply, makeReplyReader, replyLineMax, replyLinesMax } from '#mailbox/lmtp-reply.ts'
import type { FuzzTarget } from '../engine/target.ts'
import { expect, latin1, texts } from './expect.ts'

/** The text of one mail and what follows it, or null where it is refused. */
function readData(
  input: Uint8Array,
  piece: number,
): { content: string; rest: string; ended: boolean } | null {
  const feed = makeDataPhase()
  let content = ''
  for (let at = 0; at < input.length; at += piece) {
    const step = feed(Buffer.from(input.subarray(at, at + piece)))
    if (step.kind === 'bare_line_end') return null
    content += latin1(step.content)
    if (step.kind === 'end')
      return { content, rest: latin1(step.rest) + latin1(input.subarray(at + piece)), ended: true }
  }
  return { content, rest: '', ended: false }
}

const smtpWords = [
  '\r\n.\r\n',
  '\n.\n',
  '\r.\r',
  '\n.\r\n',
  '\r\n.\n',
  '.',
  '..',
  '\r',
  '\n',
  '\0',
  'MAIL FROM:<>\r\n',
]

const dataTarget: FuzzTarget = {
  name: 'smtp-data',
  run: (input) => {
    const whole = readData(input, input.length || 1)
    const cut = readData(input, 1 + (input.length % 5))
    // Without its end the text may be held back by a byte or two, so that only refusals are compared.
    const same = whole?.ended ? JSON.stringify(cut) === JSON.stringify(whole) : !cut === !whole
    expect(same, 'where the network cuts does not matter')
    expect(!/(?:^|[^\r])\n|\r(?!\n|$)/.test(whole?.content ?? ''), 'no bare line end gets through')
  },
  seeds: () => texts('a\r\nb\r\n.\r\nQUIT\r\n', '..\r\n.x\r\n.\r\n', 'a\r\n.\r', 'a\n.\r\nMAIL'),
  dictionary: smtpWords,
}

/** The conversation as the stream sees it: every command, every mail, and how it ended. */
async function converse(input: Uint8Array, piece: number): Promise<string[]> {
  const heard: string[] = []
  const violated = (violation: Violation): void => {
    heard.push(`! ${violation}`)
  }
  const events = {
    onCommand: () => {},
    onDataStart: () => {},
    onDataBytes: () => {},
    onDataEnd: () => {},
    onViolation: violated,
  }
  const stream = new StrictStream(events, 512)
  stream.oncommand = (command, next) => {
    heard.push(`> ${latin1(command)}`)
    if (!/^DATA$/i.test(latin1(command))) return next?.()
    const chunks: Uint8Array[] = []
    const data = stream.startDataMode(10_000)
    data.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    data.on('end', () => {
      heard.push(`= ${latin1(Buffer.concat(chunks))}`)
      stream.continue()
    })
    return next?.()
  }
  for (let at = 0; at < input.length && !stream.isClosed; at += piece)
    await new Promise<void>((resolve) => {
      stream.write(Buffer.from(input.subarray(at, at + piece)), () => resolve())
      if (stream.isClosed) resolve()
    })
  stream.destroy()
  return heard
}

const conversationTarget: FuzzTarget = {
  name: 'smtp-conversation',
  run: async (input) => {
    const heard = await converse(input, input.length || 1)
    const violation = heard.findIndex((line) => line.startsWith('!'))
    expect(violation < 0 || violation === heard.length - 1, 'nothing is heard after a violation')
    expect(
      heard.every((line) => !line.startsWith('>') || !/[\r\n]/.test(line)),
      'a command is one line',
    )
  },
  seeds: () =>
    texts(
      'EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n',
      'DATA\r\n.\r\nDATA\r\na\r\n.\r\nNOOP\r\n',
      'DATA\r\na\n.\nMAIL FROM:<>\r\n',
    ),
  dictionary: [...smtpWords, 'DATA\r\n', 'RCPT TO:<a@b>\r\n', 'BDAT 5 LAST\r\n'],
}

/** All replies an LMTP server's bytes hold, and whether they were refused in the end. */
function readReplies(input: Uint8Array, piece: number): { replies: LmtpReply[]; refused: boolean } {
  const reader = makeReplyReader()
  const replies: LmtpReply[] = []
  for (let at = 0; at < input.length; at += piece) {
    replies.push(...reader.feed(latin1(input.subarray(at, at + piece))))
  }
  return { replies, refused: reader.broken() }
}

const repliesTarget: FuzzTarget = {
  name: 'lmtp-replies',
  run: (input) => {
    const whole = readReplies(input, input.length || 1)
    const cut = readReplies(input, 1 + (input.length % 5))
    expect(whole.refused === cut.refused, 'where the network cuts does not matter')
    const same = JSON.stringify(whole.replies) === JSON.stringify(cut.replies)
    expect(same, 'the same replies come of the same bytes')
    for (const { code, text } of cut.replies) {
      expect(code >= 200 && code < 600, 'a code has a class')
      expect(!/[\r\0]/.test(text), 'a text has no line end but our own')
      const bytesMax = replyLinesMax * (replyLineMax + 1)
      expect(text.length <= bytesMax, 'a reply is bounded')
      expect(
        /^[45]\d\d$/.test(String(refusedMail({ code, text })?.answer.code ?? 400)),
        'no 2xx of a refusal',
      )
    }
  },
  seeds: () =>
    texts(
      '250-mail.test\r\n250-PIPELINING\r\n250 SIZE 100\r\n',
      '250 2.1.0 OK\r\n250 2.1.5 OK\r\n354 go on\r\n',
      '550-5.1.1 no\r\n550 5.1.1 user\r\n421 bye\r\n',
      '220 x\n',
    ),
  dictionary: ['\r\n', '\n', '\r', '250', '250-', '250 ', '354', '421', '5.1.1 ', '\0', '9'],
}

export const targets: readonly FuzzTarget[] = [dataTarget, conversationTarget, repliesTarget]
