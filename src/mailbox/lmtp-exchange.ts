/** Which replies belong to what was asked: in order, as many as were asked for, and none before. */
import { Fault } from '#kernel/fault.ts'
import { type LmtpReply, makeReplyReader } from './lmtp-reply.ts'

export interface LmtpExchange {
  /** How many replies have come so far. */
  heard(): number
  /** Resolves with the next `count` replies. @throws Fault of `fail` */
  expect(count: number): Promise<LmtpReply[]>
  /** Takes what came (latin1); why it cannot go on, or null. */
  take(chunk: string): Fault | null
  /** Nothing more will come. */
  fail(fault: Fault): void
  /** What was said before TLS does not count in it. */
  beginAnew(): void
}

interface Waiting {
  readonly count: number
  resolve(replies: LmtpReply[]): void
  reject(fault: Fault): void
}

export function makeLmtpExchange(): LmtpExchange {
  let reader = makeReplyReader()
  let waiting: Waiting | null = null
  let come: LmtpReply[] = []
  let heard = 0

  const settle = (): Fault | null => {
    if (!waiting || come.length < waiting.count) return null
    waiting.resolve(come.splice(0, waiting.count))
    waiting = null
    // Answers to what was not asked are not to be taken for the next answers.
    return come.length > 0 ? new Fault('delivery.protocol', 'an answer that nothing was asked for') : null
  }
  const unasked = (): Fault | null => {
    const goodbye = come.find(({ code }) => code === 421)
    if (goodbye) return new Fault('delivery.unreachable', `421 ${shown(goodbye.text)}`)
    // Only the greeting comes unasked.
    return heard > 1 ? new Fault('delivery.protocol', 'an answer without a question') : null
  }
  return {
    heard: () => heard,
    expect: (count) =>
      new Promise((resolve, reject) => {
        waiting = { count, resolve, reject }
        settle()
      }),
    take: (chunk) => {
      const replies = reader.feed(chunk)
      heard += replies.length
      come.push(...replies)
      const fault = waiting ? settle() : unasked()
      if (reader.broken()) return fault ?? new Fault('delivery.protocol', `no LMTP reply: ${shown(chunk)}`)
      return fault
    },
    fail: (fault) => {
      waiting?.reject(fault)
      waiting = null
    },
    beginAnew: () => {
      reader = makeReplyReader()
      come = []
    },
  }
}

const shown = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 80)
