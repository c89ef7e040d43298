/**
 * To a mail server by LMTP (RFC 2033). A question about a recipient leaves its transaction open on a connection that
 * is free all the same: where the mail comes soon, its text goes there; where another needs the connection first, the
 * transaction is opened anew for the mail. So a client that takes its time with the text holds no connection.
 */
import { isAscii } from 'node:buffer'
import { assert } from '#kernel/assert.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { awayFrom, type Deliverer, type MailToDeliver, NotTaken } from './deliver.ts'
import { refusedMail, refusedOpening, refusedQuestion } from './lmtp-answers.ts'
import {
  connectLmtp,
  type LmtpConnection,
  type LmtpEnvelope,
  type LmtpServer,
  type LmtpTimes,
  transactionKey,
} from './lmtp-connection.ts'
import { type LmtpLease, makeLmtpPool } from './lmtp-pool.ts'
import type { LmtpReply } from './lmtp-reply.ts'

export interface LmtpOptions {
  readonly server: LmtpServer
  readonly times: LmtpTimes
  readonly connectionsMax: number
  readonly clock: Clock
}

export function lmtpDeliverer({ server, times, connectionsMax, clock }: LmtpOptions): Deliverer {
  const pool = makeLmtpPool({
    connect: () => connectLmtp(server, times, clock),
    connectionsMax,
    clock,
    waitMs: times.stepMs,
  })

  /** Begins on a connection of the pool and ends with `work`; whatever keeps us from an answer has our own words. */
  const answered = async <T extends readonly LmtpReply[]>(key: string, { begin, end }: Exchange<T>) => {
    let result: Result = { refusal: null, clean: false }
    try {
      const lease = await pool.take(key)
      try {
        let replies = await begunOnUsed(lease, begin)
        if (!replies) {
          await pool.renew(lease)
          replies = await begin(lease.connection)
        }
        result = await end(lease.connection, replies)
      } finally {
        pool.release(lease, result.clean)
      }
    } catch (error) {
      throw awayFrom(error, 'delivery.unreachable')
    }
    if (result.refusal) throw result.refusal
  }

  return {
    handsOn: true,
    accepts: (recipient, sender) => {
      const envelope = questionOf(recipient, sender)
      return answered(transactionKey(envelope), {
        begin: (connection) => connection.ask(envelope),
        end: async (_, replies) => ({ refusal: refusedQuestion(replies), clean: !isGoodbye(replies) }),
      })
    },
    deliver: async (mail) => {
      const envelope = envelopeOf(mail)
      await answered(transactionKey(envelope), {
        begin: (connection) => begunMail(connection, envelope),
        end: (connection, replies) => handOver(connection, replies, mail.raw),
      })
      return 1
    },
    probe: async () => {
      try {
        pool.release(await pool.take(''), true)
      } catch (error) {
        throw awayFrom(error, 'delivery.unreachable')
      }
    },
    close: pool.close,
  }
}

interface Exchange<T> {
  /** No text is sent yet: it may be done again. */
  begin(connection: LmtpConnection): Promise<T>
  end(connection: LmtpConnection, replies: T): Promise<Result>
}

interface Result {
  readonly refusal: NotTaken | null
  /** The connection is good for another transaction. */
  readonly clean: boolean
}

const questionOf = (recipient: MailAddress, sender: string): LmtpEnvelope => ({
  sender,
  recipient,
  utf8: !isPlain(sender, recipient),
  eightBit: false,
  bytes: null,
})

function envelopeOf({ sender, recipients, raw, smtpUtf8 }: MailToDeliver): LmtpEnvelope {
  const [recipient] = recipients
  assert(recipient !== undefined && recipients.length === 1, 'each recipient has an answer of its own')
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const header = text.subarray(0, Math.max(0, text.indexOf('\r\n\r\n')))
  return {
    sender,
    recipient,
    // Some clients say so of every mail: it is needed only where something is not ASCII.
    utf8: smtpUtf8 && !(isPlain(sender, recipient) && isAscii(header)),
    eightBit: !isAscii(text),
    bytes: raw.length,
  }
}

const isPlain = (...addresses: readonly string[]): boolean =>
  addresses.every((address) => /^[\x20-\x7e]*$/.test(address))

/** @throws NotTaken where the server does not speak what the mail needs (RFC 6531 section 3.5) */
async function begunMail(connection: LmtpConnection, envelope: LmtpEnvelope) {
  if (!envelope.utf8 || connection.extensions.has('SMTPUTF8')) return connection.begin(envelope)
  const answer = { code: 553, text: '5.6.7 The mail server does not take internationalized mail' }
  throw new NotTaken('delivery.refused', answer, 'no SMTPUTF8')
}

/**
 * Null: a connection from the pool turned out to be dead before it had answered anything, or says goodbye; no text
 * was sent, so that it may be tried once more on a new one.
 */
async function begunOnUsed<T extends readonly LmtpReply[]>(
  { connection, used }: LmtpLease,
  begin: Exchange<T>['begin'],
): Promise<T | null> {
  const before = connection.heard()
  try {
    const replies = await begin(connection)
    return used && replies.some(({ code }) => code === 421) ? null : replies
  } catch (error) {
    if (used && !(error instanceof NotTaken) && connection.heard() === before) return null
    throw error
  }
}

/** @throws Fault where there is no answer: it cannot be known then whether the mail was taken */
async function handOver(
  connection: LmtpConnection,
  opening: readonly [LmtpReply, LmtpReply, LmtpReply],
  raw: Uint8Array,
): Promise<Result> {
  const refusal = refusedOpening(opening)
  // A server that wants the text for nobody is not spoken to any more.
  if (refusal) return { refusal, clean: opening[2].code !== 354 && !isGoodbye(opening) }
  const answer = await connection.send(raw).catch((error: unknown) => {
    throw error instanceof Fault
      ? new Fault(error.code, `after the mail was sent: ${error.detail}`, error)
      : error
  })
  return { refusal: refusedMail(answer), clean: answer.code !== 421 }
}

const isGoodbye = (replies: readonly LmtpReply[]): boolean => replies.some(({ code }) => code === 421)
