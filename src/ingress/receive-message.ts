/** One message from its stream to where it belongs: 250 only when it is held there for every recipient. */
import { randomUUID } from 'node:crypto'
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server'
import type { MailAddress } from '#kernel/brand.ts'
import { concat } from '#kernel/bytes.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Failpoint } from '#kernel/failpoint.ts'
import type { Log } from '#kernel/log.ts'
import { type Deliverer, NotTaken } from '#mailbox/deliver.ts'
import { isLooping, receivedHeader } from './received.ts'
import { senderOf } from './sender.ts'
import type { SmtpLimits } from './smtp-limits.ts'
import { refusalOf, SmtpRefusal } from './smtp-refusal.ts'

export interface ReceiveOptions {
  readonly deliverer: Deliverer
  readonly clock: Clock
  readonly log: Log
  readonly failpoint: Failpoint
  readonly limits: SmtpLimits
  readonly name: string
}

/** What is told of a mail that was taken: `id` to the client, all of it to the log. */
export interface Taken {
  readonly id: string
  readonly bytes: number
  readonly mailboxes: number
}

/** Resolves when the mail is where it belongs, and safe there. @throws SmtpRefusal */
export type ReceiveMessage = (
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  recipients: readonly MailAddress[],
) => Promise<Taken>

export function makeReceiver(options: ReceiveOptions): ReceiveMessage {
  const { deliverer, clock, log, limits, failpoint } = options
  let bytesInFlight = 0

  /** Keeps no more than may be kept; the rest is read and forgotten, so that the client hears why. */
  const collect = async (stream: SMTPServerDataStream): Promise<readonly Uint8Array[]> => {
    const kept: Uint8Array[] = []
    let bytes = 0
    let full = false
    try {
      await readAll(stream, (chunk) => {
        bytes += chunk.length
        bytesInFlight += chunk.length
        full ||= bytesInFlight > limits.bytesInFlightMax
        if (full || bytes > limits.messageBytesMax) kept.length = 0
        else kept.push(chunk)
      })
    } catch (error) {
      throw new SmtpRefusal(451, '4.4.2 The connection was lost', error)
    } finally {
      bytesInFlight -= bytes
    }
    if (bytes > limits.messageBytesMax) throw new SmtpRefusal(552, '5.3.4 Message too big')
    if (full) throw new SmtpRefusal(452, '4.3.1 Too much mail at once, try again later')
    return kept
  }

  const deliver = async (
    message: readonly Uint8Array[],
    session: SMTPServerSession,
    recipients: readonly MailAddress[],
  ) => {
    const id = randomUUID()
    const nowMs = clock.nowMs()
    const received = receivedHeader({
      helo: session.hostNameAppearsAs || '',
      remoteAddress: session.remoteAddress,
      serverName: options.name,
      protocol: session.transmissionType,
      id,
      recipient: recipients.length === 1 ? (recipients[0] ?? null) : null,
      nowMs,
    })
    const raw = concat(received, ...message)
    if (isLooping(raw)) throw new SmtpRefusal(554, '5.4.6 The message is going round in circles')
    failpoint('smtp.before_commit')
    const smtpUtf8 = session.envelope.smtpUtf8 === true
    const mail = { sender: senderOf(session), recipients, smtpUtf8, raw, nowMs }
    const mailboxes = await deliverer.deliver(mail)
    failpoint('smtp.after_commit')
    return { id, bytes: raw.length, mailboxes }
  }

  return async (stream, session, recipients) => {
    try {
      return await deliver(await collect(stream), session, recipients)
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error
      const { code, detail } = error
      if (code === 'store.full') log.error({ code }, 'mail could not be taken')
      else if (code !== 'user.unknown') log.warn({ code, detail }, 'mail was not taken')
      throw refusalOf(error)
    }
  }
}

/** By events: an iterator over the stream took a tenth of what a mail costs. */
const readAll = (stream: SMTPServerDataStream, take: (chunk: Uint8Array) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.on('data', take)
    stream.on('end', resolve)
    stream.on('error', reject)
    stream.on('close', () => {
      // Every stream closes after its end: an error made for each would cost more than the reading.
      if (!stream.readableEnded) reject(new Error('closed before its end'))
    })
  })
