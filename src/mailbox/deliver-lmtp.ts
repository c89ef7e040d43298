/**
 * To a mail server by LMTP (RFC 2033). A recipient is asked about in a transaction of its own, so that a client that
 * takes its time with the text holds no connection; once the text is here, MAIL, RCPT and DATA go out together, and
 * the recipient's answer to the text is the client's.
 */
import { isAscii } from 'node:buffer'
import { assert } from '#kernel/assert.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { awayFrom, type Deliverer, type MailToDeliver, NotTaken } from './deliver.ts'
import { type Opening, refusedMail, refusedOpening, refusedQuestion } from './lmtp-answers.ts'
import {
  connectLmtp,
  type LmtpConnection,
  type LmtpEnvelope,
  type LmtpServer,
  type LmtpTimes,
} from './lmtp-connection.ts'
import { type LmtpLease, makeLmtpPool } from './lmtp-pool.ts'

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

  /** Runs one transaction; `work` says whether the connection is good for another. */
  const transaction = async (envelope: LmtpEnvelope, work: Work): Promise<void> => {
    const lease = await pool.take()
    let clean = false
    try {
      let opening = await openedOnUsed(lease, envelope)
      if (!opening) {
        await pool.renew(lease)
        opening = await lease.connection.begin(envelope)
      }
      clean = await work(lease.connection, opening)
    } finally {
      pool.release(lease, clean)
    }
  }
  /** Runs it with our own words for whatever goes wrong; a refusal is thrown once the connection is given back. */
  const answered = async (envelope: LmtpEnvelope, work: (...of: Parameters<Work>) => Promise<Result>) => {
    let refusal: NotTaken | null = null
    try {
      await transaction(envelope, async (connection, opening) => {
        const result = await work(connection, opening)
        refusal = result.refusal
        return result.clean
      })
    } catch (error) {
      throw awayFrom(error, 'delivery.unreachable')
    }
    if (refusal) throw refusal
  }

  return {
    handsOn: true,
    accepts: (recipient, sender) =>
      answered({ sender, recipient, utf8: !isPlain(sender, recipient), mail: null }, async (_, opening) => ({
        refusal: refusedQuestion(opening),
        clean: opening[2].code === 250,
      })),
    deliver: async (mail) => {
      const envelope = envelopeOf(mail)
      await answered(envelope, (connection, opening) =>
        handOver(connection, opening, envelope.utf8, mail.raw),
      )
      return 1
    },
    probe: async () => {
      try {
        pool.release(await pool.take(), true)
      } catch (error) {
        throw awayFrom(error, 'delivery.unreachable')
      }
    },
    close: pool.close,
  }
}

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
    mail: { bytes: raw.length, eightBit: !isAscii(text) },
  }
}

const isPlain = (...addresses: readonly string[]): boolean =>
  addresses.every((address) => /^[\x20-\x7e]*$/.test(address))

/** RFC 6531 section 3.5. */
const noUtf8 = (): NotTaken =>
  new NotTaken(
    'delivery.refused',
    { code: 553, text: '5.6.7 The mail server does not take internationalized mail' },
    'no SMTPUTF8',
  )

/** True: the connection is good for another transaction. */
type Work = (connection: LmtpConnection, opening: Opening) => Promise<boolean>

interface Result {
  readonly refusal: NotTaken | null
  readonly clean: boolean
}

/**
 * Null: a connection from the pool turned out to be dead before it had answered anything, or says goodbye; no text
 * was sent, so that it may be tried once more on a new one.
 */
async function openedOnUsed(
  { connection, used }: LmtpLease,
  envelope: LmtpEnvelope,
): Promise<Opening | null> {
  const before = connection.heard()
  try {
    const opening = await connection.begin(envelope)
    return used && opening[0].code === 421 ? null : opening
  } catch (error) {
    if (used && connection.heard() === before) return null
    throw error
  }
}

/** @throws Fault where there is no answer: it cannot be known then whether the mail was taken */
async function handOver(
  connection: LmtpConnection,
  opening: Opening,
  utf8: boolean,
  raw: Uint8Array,
): Promise<Result> {
  const refusal = utf8 && !connection.extensions.has('SMTPUTF8') ? noUtf8() : refusedOpening(opening)
  if (refusal) return { refusal, clean: false }
  const answer = await connection.send(raw).catch((error: unknown) => {
    throw error instanceof Fault
      ? new Fault(error.code, `after the mail was sent: ${error.detail}`, error)
      : error
  })
  return { refusal: refusedMail(answer), clean: answer.code !== 421 }
}
