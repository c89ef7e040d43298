/** Which recipients are taken: accounts of the domains served here, and nobody else's. */
import type { SMTPServerSession } from 'smtp-server'
import type { MailAddress } from '#kernel/brand.ts'
import { type Clock, sleep } from '#kernel/clock.ts'
import { makeFailureCount } from '#kernel/failure-count.ts'
import { type Deliverer, NotTaken } from '#mailbox/deliver.ts'
import { senderOf } from './sender.ts'
import type { SmtpLimits } from './smtp-limits.ts'
import { refusalOf, SmtpRefusal } from './smtp-refusal.ts'

export interface RecipientOptions {
  readonly deliverer: Deliverer
  readonly clock: Clock
  readonly limits: SmtpLimits
  readonly canonicalAddress: (text: string) => MailAddress | null
  readonly servesDomain: (domain: string) => boolean
}

const guessWindowMs = 600_000

/** Resolves for a recipient whose mail is taken. @throws SmtpRefusal */
export type CheckRecipient = (typed: string, session: SMTPServerSession) => Promise<MailAddress>

export function makeRecipientCheck(options: RecipientOptions): CheckRecipient {
  const { deliverer, clock, limits } = options
  const guesses = makeFailureCount(guessWindowMs)
  const perSession = new WeakMap<SMTPServerSession, number>()

  /** Guessing is slow: a connection has few tries, and an address that guessed much waits for each answer. */
  const refuseUnknown = async (session: SMTPServerSession, refusal: SmtpRefusal): Promise<never> => {
    const tries = (perSession.get(session) ?? 0) + 1
    perSession.set(session, tries)
    const recent = guesses.add(session.remoteAddress, clock.nowMs())
    if (recent > limits.unknownPerAddressMax) await sleep(clock, limits.unknownDelayMs)
    if (tries >= limits.unknownRecipientsMax) throw new SmtpRefusal(421, '4.7.0 Too many unknown recipients')
    throw refusal
  }

  /**
   * SMTP has one answer to a mail, and another server may have one for each recipient: with one recipient alone they
   * are the same (docs/decisions/0010-one-recipient-per-mail.md).
   */
  const refuseFurther = (address: MailAddress, { envelope }: SMTPServerSession): void => {
    if (!deliverer.handsOn) return
    if (envelope.rcptTo.every((taken) => options.canonicalAddress(taken.address) === address)) return
    throw new SmtpRefusal(452, '4.5.3 One recipient per mail here: send it to the others apart')
  }

  return async (typed, session) => {
    const address = options.canonicalAddress(typed)
    if (!address) throw new SmtpRefusal(553, '5.1.3 Not an address mail can be delivered to')
    if (!options.servesDomain(address.slice(address.lastIndexOf('@') + 1)))
      throw new SmtpRefusal(550, '5.7.1 Relaying denied')
    refuseFurther(address, session)
    try {
      await deliverer.accepts(address, senderOf(session))
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error
      const refusal = refusalOf(error)
      if (refusal.responseCode >= 500) await refuseUnknown(session, refusal)
      throw refusal
    }
    return address
  }
}
