/**
 * Sends IMAP commands one behind the other without waiting for the answers (RFC 3501 section 5.5): many share one round
 * trip and one system call.
 */
import type { Clock } from '#kernel/clock.ts'
import { type Answer, Inbox } from './imap-inbox.ts'
import type { ImapResponse } from './response-cutter.ts'
import type { SharedSocket } from './shared-socket.ts'

export interface Exchange<T> {
  readonly commands: readonly string[]
  /** What an untagged response tells; null: nothing of interest. @throws Fault when it is not understood */
  read(response: ImapResponse): T | null
  /** Longest wait for the next answer, in milliseconds. */
  readonly patienceMs: number
}

export interface Pipeline {
  /**
   * The answers in the order of the commands, as many at a time as have come. @throws Fault imap.unreachable when the
   * line breaks or the patience ends, imap.protocol: the connection is of no more use then.
   */
  run<T>(exchange: Exchange<T>): AsyncGenerator<readonly Answer<T>[]>
}

/** Enough to keep a server busy, and less than what the line buffers. */
const onTheirWayMax = 128

/** @param giveUp ends the connection: what still comes would be taken for the answer to something else */
export function makePipeline(socket: () => SharedSocket, clock: Clock, giveUp: () => void): Pipeline {
  let tagNumber = 0
  return {
    run: async function* (exchange) {
      const tags = exchange.commands.map(() => `pk${++tagNumber}`)
      const inbox = new Inbox(tags, exchange.read)
      const line = socket().borrow(inbox)
      let sent = 0
      let answered = 0
      try {
        while (answered < tags.length) {
          if (sent < tags.length && sent - answered <= onTheirWayMax / 2) {
            const from = sent
            sent = Math.min(tags.length, answered + onTheirWayMax)
            line.write(lines(exchange.commands, tags, from, sent))
          }
          const answers = await inbox.next(clock, exchange.patienceMs)
          answered += answers.length
          yield answers
        }
      } finally {
        line.giveBack()
        if (answered < sent) giveUp()
      }
    },
  }
}

const lines = (commands: readonly string[], tags: readonly string[], from: number, to: number): string =>
  commands
    .slice(from, to)
    .map((command, at) => `${tags[from + at]} ${command}\r\n`)
    .join('')
