/**
 * Sends IMAP commands one behind the other without waiting for the answers (RFC 3501 section 5.5): many share one round
 * trip and one system call.
 */
import type { Clock } from '#kernel/clock.ts'
import { type Answer, Inbox } from './imap-inbox.ts'
import type { ImapResponse } from './response-cutter.ts'
import type { SharedSocket } from './shared-socket.ts'

export interface Exchange<T> {
  /** Taken one by one, each when there is room for it on the way. */
  readonly commands: Iterable<string>
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
    run: async function* ({ commands, read, patienceMs }) {
      const inbox = new Inbox(read)
      const line = socket().borrow(inbox)
      const next = commands[Symbol.iterator]()
      const more = (many: number): string => {
        let text = ''
        for (let left = many; left > 0; left -= 1) {
          const { done, value } = next.next()
          if (done) break
          tagNumber += 1
          inbox.expect(`pk${tagNumber}`)
          text += `pk${tagNumber} ${value}\r\n`
        }
        return text
      }
      try {
        for (;;) {
          const room = onTheirWayMax - inbox.awaited
          const text = room >= onTheirWayMax / 2 ? more(room) : ''
          if (text !== '') line.write(text)
          if (inbox.awaited === 0) return
          yield await inbox.next(clock, patienceMs)
        }
      } finally {
        line.giveBack()
        if (inbox.awaited > 0) giveUp()
      }
    },
  }
}
