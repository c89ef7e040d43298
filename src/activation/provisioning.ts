/** After the proof: the master key is confirmed, then the IT policy, then all service books at once. */
import { unreachable } from '#kernel/assert.ts'
import type { FaultCode } from '#kernel/fault.ts'
import { ackStatus } from '#protocol/ack.ts'
import type { Activation, Phase } from './activation.ts'
import type { Reduced } from './effect.ts'
import { closedCode, type Grant } from './grant.ts'
import { deniedAfterClaim, refused } from './proof.ts'
import { enter, type Of, stay } from './step.ts'

type Step = Reduced<Activation>
type Answered = Of<'policy_sent' | 'policy_acked' | 'books_sent' | 'books_acked'>

/** The handheld has shown the master key: the grant is used and the Policy Service is asked. */
export function keyCheckSeen(activation: Activation, event: Of<'key_check_seen'>): Step {
  if (activation.phase !== 'claimed') return stay(activation)
  if (event.standing.disabled) return deniedAfterClaim(activation, 'user.disabled', event.atMs)
  const code = lostClaim(activation, event.standing.grant)
  if (code) return refused(activation, code, event.atMs)
  return enter(
    activation,
    'policy_due',
    'waiting_for_services',
    event.atMs,
    {},
    { kind: 'grant', change: { kind: 'used', atMs: event.atMs } },
    { kind: 'key_current' },
    { kind: 'erase_records' },
    { kind: 'stop_sending', messages: ['m4', 'key_check'] },
    { kind: 'work', work: 'supersede_others' },
    { kind: 'work', work: 'send_policy' },
  )
}

/** Why the grant is no longer this run's: its user was removed, it was withdrawn, or another run claimed it. */
function lostClaim(activation: Activation, grant: Grant | null): FaultCode | null {
  if (grant === null) return 'grant.none'
  const closed = closedCode(grant.state)
  if (closed) return closed
  return grant.claim?.txn === activation.txn ? null : 'request.superseded'
}

export function answered(activation: Activation, event: Answered): Step {
  switch (event.kind) {
    case 'policy_sent':
      return activation.phase === 'policy_due' || activation.phase === 'policy_refused'
        ? sent(activation, 'policy_out', event.atMs, { policy: { number: event.number } })
        : stay(activation)
    case 'policy_acked':
      return policyAcked(activation, event)
    case 'books_sent':
      return activation.phase === 'books_due' || activation.phase === 'books_refused'
        ? sent(activation, 'books_out', event.atMs, { books: { number: event.number } })
        : stay(activation)
    case 'books_acked':
      return booksAcked(activation, event)
    default:
      return unreachable(event)
  }
}

/** Nothing but the acknowledgement of the policy that was sent lets the books go out. */
function policyAcked(activation: Activation, event: Of<'policy_acked'>): Step {
  if (activation.phase !== 'policy_out' || activation.policy?.number !== event.number) return stay(activation)
  const policy = {
    number: event.number,
    status: event.status,
    ...(event.leftOut ? { leftOut: event.leftOut } : {}),
  }
  if (event.retryAfterMs !== undefined) return dueAgain(activation, event, 'policy')
  if (event.status <= 1)
    return enter(
      activation,
      'books_due',
      'waiting_for_services',
      event.atMs,
      { policy },
      {
        kind: 'work',
        work: 'send_books',
      },
    )
  const code = policyRefusal(event.status)
  const step = enter(activation, 'policy_refused', 'waiting_for_services', event.atMs, { policy })
  return { ...step, next: { ...step.next, code } }
}

/** What the handheld refused is replaced: it is given the new policy, then the books. */
export function policyChanged(activation: Activation, { atMs }: Of<'policy_changed'>): Step {
  const waits = activation.phase === 'policy_refused' || activation.phase === 'books_refused'
  return waits ? dueAgain(activation, { atMs, retryAfterMs: 0 }, 'policy') : stay(activation)
}

/** A handheld that asks for no pause gets one: each round makes a new packet. */
const retryMsMin = 5_000

/** Sealed anew under a new number: the same packet would only get the stored answer again. */
function dueAgain(
  activation: Activation,
  { atMs, retryAfterMs }: { readonly atMs: number; readonly retryAfterMs?: number },
  service: 'policy' | 'books',
): Step {
  return enter(
    activation,
    service === 'policy' ? 'policy_due' : 'books_due',
    'waiting_for_services',
    atMs,
    {},
    {
      kind: 'work',
      work: service === 'policy' ? 'send_policy' : 'send_books',
      afterMs: Math.max(retryAfterMs ?? 0, retryMsMin),
    },
  )
}

function policyRefusal(status: number): FaultCode {
  if (status === 2) return 'policy.refused'
  if (status === 3) return 'policy.other_domain'
  return status === 4 ? 'policy.number' : 'policy.form'
}

function booksAcked(activation: Activation, event: Of<'books_acked'>): Step {
  if (activation.phase !== 'books_out' || activation.books?.number !== event.number) return stay(activation)
  const books = { number: event.number, status: event.status }
  // "Not now" to books means that the handheld has applied no policy, whatever it said of the last one.
  if (event.retryAfterMs !== undefined)
    return dueAgain(activation, event, event.status === ackStatus.notNow ? 'policy' : 'books')
  if (event.status <= 1) return enter(activation, 'complete', 'activation_complete', event.atMs, { books })
  const step = enter(activation, 'books_refused', 'waiting_for_services', event.atMs, { books })
  return { ...step, next: { ...step.next, code: 'books.refused' } }
}

/**
 * Repeated for as long as the protocol allows and never answered: sealed anew and sent on, and said plainly
 * until the handheld answers.
 */
export function undelivered(activation: Activation, event: Of<'undelivered'>): Step {
  const waitsFor = { policy: 'policy_out', books: 'books_out' } as const
  if (event.of !== 'policy' && event.of !== 'books') return stay(activation)
  if (activation.phase !== waitsFor[event.of]) return stay(activation)
  return withCode(dueAgain(activation, { atMs: event.atMs }, event.of), 'packet.undelivered')
}

const withCode = (step: Step, code: FaultCode): Step => ({ ...step, next: { ...step.next, code } })

/** What was sent is out; that its predecessor was never answered stays said. */
function sent(activation: Activation, phase: Phase, atMs: number, change: Partial<Activation>): Step {
  const step = enter(activation, phase, 'waiting_for_services', atMs, change)
  return activation.code === 'packet.undelivered' ? withCode(step, activation.code) : step
}
