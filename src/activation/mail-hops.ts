/** The hops before the server has seen the mail, in the order in which one causes the next. */
import type { ActivationEvent } from './event.ts'
import { type Bare, isWholeSecond } from './hop.ts'
import type { RelayMailFacts } from './path.ts'

/**
 * @param relayMail the relay's row where it is at hand: exact times, and the mail server's words. Otherwise the mail
 * itself tells, to the second.
 */
export function mailHops(events: readonly ActivationEvent[], relayMail: RelayMailFacts | null): Bare[] {
  const seen = events.find((event) => event.kind === 'etp_seen')
  const hint = events.find((event) => event.kind === 'relay_mailed')
  const pressedAtMs = relayMail?.pressedAtMs ?? seen?.request.pressedAtMs
  const address = relayMail?.address ?? seen?.request.address ?? ''
  const hops = [
    toSecond(hop('user pressed Activate', pressedAtMs, address)),
    ...(relayMail
      ? relayHops(relayMail)
      : [toSecond(hop('relay mailed the request', seen?.request.mailedAtMs))]),
    hop("the relay's hint came", hint?.atMs, 'the request was mailed'),
    toSecond(hop('mail in the mailbox', seen?.mail.receivedAtMs, seen?.mail.mailbox)),
    hop('server saw the mail', seen?.atMs, seen && `found by ${seen.mail.foundBy}`),
  ]
  return hops.filter((one) => one !== null)
}

const hop = (name: string, atMs: number | null | undefined, detail = ''): Bare | null =>
  atMs === null || atMs === undefined ? null : { name, atMs, detail }

/** Of a clock that is written down in whole seconds: the handheld's, the mail's, perhaps the mailbox's. */
const toSecond = (bare: Bare | null): Bare | null =>
  bare && isWholeSecond(bare.atMs) ? { ...bare, toSecond: true } : bare

function relayHops(mail: RelayMailFacts): (Bare | null)[] {
  const words = {
    accepted: 'mail server took the mail',
    queued: 'mail server put the mail off',
    refused: 'mail server refused the mail',
    gave_up: 'mail server put the mail off',
  } as const
  return [
    hop('relay took the request', mail.acceptedAtMs, `PIN ${mail.pin}`),
    hop('relay mailed the request', mail.mailedAtMs, mail.tries > 1 ? `try ${mail.tries}` : ''),
    hop(words[mail.state], mail.answeredAtMs, mail.answer),
  ]
}
