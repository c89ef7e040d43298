/** An activation's hops in order, each with its time: what `explain` and the console show. */
import { unreachable } from '#kernel/assert.ts'
import { ackStatus } from '#protocol/ack.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import type { ActivationEvent, MessageName } from './event.ts'
import { type Bare, type Hop, inOrder } from './hop.ts'
import { mailHops } from './mail-hops.ts'
import type { RelayMailFacts } from './path.ts'

export type { Hop } from './hop.ts'

/** The hops that `events` (an activation's whole list) tell of, and before them the relay's own, by time. */
export function timeline(events: readonly ActivationEvent[], relayMail: RelayMailFacts | null = null): Hop[] {
  const own = events
    .filter(isWorthShowing)
    .flatMap((event, i, shown) => (isSecondCopy(event, i, shown) ? [copyHop(event)] : hopsOf(event)))
  return inOrder(mailHops(events, relayMail), own)
}

/** That the relay holds a message is no news once the handheld has it. */
function isWorthShowing(event: ActivationEvent, index: number, events: readonly ActivationEvent[]): boolean {
  if (event.kind !== 'receipt' || event.status !== receiptStatus.stored) return true
  return !events
    .slice(index)
    .some(
      (later) =>
        later.kind === 'receipt' && later.of === event.of && later.status === receiptStatus.delivered,
    )
}

const isSecondCopy = (event: ActivationEvent, index: number, events: readonly ActivationEvent[]): boolean =>
  event.kind === 'etp_seen' && events.findIndex(({ kind }) => kind === 'etp_seen') < index

const copyHop = ({ atMs }: ActivationEvent): Bare => ({
  name: 'the same mail came again',
  atMs,
  detail: 'the stored answer is repeated',
})

function hopsOf(event: ActivationEvent): Bare[] {
  const hop = (name: string, detail = ''): Bare[] => [{ name, atMs: event.atMs, detail }]
  switch (event.kind) {
    case 'relay_mailed':
    case 'etp_seen':
      return []
    case 'asked_again':
      return hop('asked again', 'the stored answer is repeated')
    case 'answer_made':
      return hop('server answered (M2)', event.suite === 1 ? 'AES-256-GCM' : '3DES-CBC')
    case 'answer_impossible':
      return hop('request could not be answered')
    case 'receipt':
      return hop(receiptWords(event.of, event.status), event.pin === undefined ? '' : `PIN ${event.pin}`)
    case 'proof_seen':
      return hop('proof arrived (M3)', `PIN ${event.pin}`)
    case 'approved':
      return hop('administrator approved the handheld', `PIN ${event.pin}`)
    case 'proof_judged':
      return hop('proof judged', event.verdict.replace('_', ' '))
    case 'key_check_seen':
      return hop('master key confirmed by both sides')
    case 'policy_sent':
      return hop('IT policy sent', `number ${event.number}`)
    case 'policy_acked':
      return hop('IT policy acknowledged', statusWords(event.status))
    case 'books_sent':
      return hop('service books sent', `set ${event.number}`)
    case 'books_acked':
      return [
        ...hop('service books acknowledged', statusWords(event.status)),
        ...(event.status <= ackStatus.appliedInPart ? hop('activation complete') : []),
      ]
    case 'policy_changed':
      return hop('another IT policy published')
    case 'undelivered':
      return hop(`${messageWords[event.of]} never acknowledged`)
    case 'grant_closed':
      return hop('activation password closed', event.code)
    case 'superseded':
      return hop('a newer activation took over', event.by)
    case 'handheld_ended':
      return event.by === undefined
        ? hop('handheld works for the user no more', event.code)
        : hop('a newer activation took over', event.by)
    case 'time_passed':
      return hop('time ran out')
    case 'broken':
      return hop('stopped by a mistake of the server', event.where)
    default:
      return unreachable(event)
  }
}

const messageWords: Readonly<Record<MessageName, string>> = {
  m2: "server's answer (M2)",
  error: 'error message',
  m4: "server's proof (M4)",
  key_check: "server's key check",
  policy: 'IT policy',
  books: 'service books',
}

function receiptWords(of: MessageName, status: number): string {
  const message = messageWords[of]
  switch (status) {
    case receiptStatus.stored:
      return `relay holds the ${message}`
    case receiptStatus.delivered:
      return `handheld has the ${message}`
    case receiptStatus.queueFull:
      return `handheld's queue is full: ${message}`
    case receiptStatus.notListed:
      return `handheld does not list this server: ${message}`
    case receiptStatus.tokenDead:
      return `route is closed: ${message}`
    case receiptStatus.expired:
      return `never delivered: ${message}`
    default:
      return `relay refused the ${message} (${status})`
  }
}

function statusWords(status: number): string {
  const words = [
    'applied',
    'applied in part',
    'refused: signature',
    'refused: other domain',
    'refused: number',
    'refused: form',
    'not now',
    'unknown',
    'failed, later',
    'accepted',
  ]
  return words[status] ?? `status ${status}`
}
