/** What an LMTP server's answers mean for the one recipient of a mail. */
import type { FaultCode } from '#kernel/fault.ts'
import { NotTaken, type SmtpAnswer } from './deliver.ts'
import type { LmtpReply } from './lmtp-reply.ts'

/** Answers to MAIL, RCPT and DATA, in this order. */
export type Opening = readonly [LmtpReply, LmtpReply, LmtpReply]

const isYes = ({ code }: LmtpReply): boolean => code >= 200 && code < 300

/** Why there is nothing more to say to this transaction; null: the recipient is taken, and the text may come. */
export function refusedOpening([mail, recipient, data]: Opening): NotTaken | null {
  if (!isYes(mail)) return refusal(mail, 'MAIL')
  if (!isYes(recipient)) return refusal(recipient, 'RCPT')
  return data.code === 354 ? null : refusal(data, 'DATA')
}

/** The same where the recipient was only asked about. */
export function refusedQuestion([mail, recipient]: readonly [LmtpReply, LmtpReply]): NotTaken | null {
  if (!isYes(mail)) return refusal(mail, 'MAIL')
  return isYes(recipient) ? null : refusal(recipient, 'RCPT')
}

/** The last answer: null is the only yes. */
export const refusedMail = (answer: LmtpReply): NotTaken | null =>
  isYes(answer) ? null : refusal(answer, 'DATA')

/**
 * 4xx and 5xx are passed on with the server's own words. 421 is about its connection with us, not about ours with the
 * client; a code that says nothing here (a 3xx, a 2xx where the text was to come) is no answer, and neither is 503: the conversation went wrong, not the mail.
 */
function refusal({ code, text }: LmtpReply, command: 'MAIL' | 'RCPT' | 'DATA'): NotTaken {
  const words = printable(text)
  const detail = `${command}: ${code} ${words}`.slice(0, 200)
  if (code < 400 || code === 503) return new NotTaken('delivery.protocol', { code: 451, text: oddly }, detail)
  if (code === 421)
    return new NotTaken('delivery.put_off', { code: 451, text: withStatus('4.3.2', words) }, detail)
  const permanent = code >= 500
  const row: FaultCode = !permanent
    ? 'delivery.put_off'
    : command === 'RCPT'
      ? 'delivery.no_user'
      : 'delivery.refused'
  const answer: SmtpAnswer = { code, text: withStatus(permanent ? '5.0.0' : '4.0.0', words) }
  return new NotTaken(row, answer, detail)
}

const oddly = '4.5.0 The mail server answered oddly, try again later'

/** Each line of a reply may repeat the enhanced status code: once is enough. */
function printable(text: string): string {
  const [first = '', ...more] = text.split('\n')
  const status = /^[245]\.\d{1,3}\.\d{1,3} /.exec(first)?.[0]
  const rest = more.map((line) => (status && line.startsWith(status) ? line.slice(status.length) : line))
  return [first, ...rest]
    .join(' ')
    .replace(/[^\x20-\x7e]+/g, '?')
    .trim()
    .slice(0, 400)
}

/** The server's enhanced status code, or the general one of its class (RFC 3463). */
const withStatus = (status: string, words: string): string =>
  new RegExp(`^${status[0]}\\.\\d{1,3}\\.\\d{1,3}(?: |$)`).test(words)
    ? words
    : `${status} ${words.replace(/^[245]\.\d{1,3}\.\d{1,3} ?/, '') || 'Refused'}`
