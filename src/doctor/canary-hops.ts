/** How far a canary activation came, hop by hop, out of what was seen of it. Pure. */
import type { ActivationEvent } from '#activation/event.ts'
import { fine, fromFault } from '#admin/check.ts'
import type { Check } from '#admin/views.ts'
import type { FaultCode } from '#kernel/fault.ts'

/** Where the doctor's own look found the mail. */
export type OwnLook =
  | { readonly at: 'inbox' | 'junk' | 'nowhere' }
  | { readonly at: 'unreachable'; readonly code: FaultCode; readonly detail: string }

/** Times are Unix ms; null: not seen (yet). */
export interface Facts {
  readonly pressedAtMs: number
  /** The handheld was let in by the relay. */
  readonly relayAtMs: number | null
  /** The mail server took it. */
  readonly mailedAtMs: number | null
  /** The relay's word on a mail it could not get rid of: its state, and the server's answer where it is known. */
  readonly mailTrouble: { readonly code: FaultCode; readonly detail: string } | null
  readonly events: readonly ActivationEvent[]
  readonly look: OwnLook | null
  /** The agent's own trouble with this mailbox. */
  readonly mailboxFault: FaultCode | null
  /** Why the activation stopped or waits, as the server has it. */
  readonly stoppedBy: FaultCode | null
  /** The handheld showed Activation Complete. */
  readonly completeAtMs: number | null
  /** The last words on its screen. */
  readonly screen: string
}

export interface Hop {
  readonly check: Check
  readonly tookMs: number | null
}

interface Step {
  readonly name: string
  readonly atMs: (facts: Facts) => number | null
  readonly says: (facts: Facts) => string
  /** Why it was not reached. */
  readonly missing: (facts: Facts) => readonly [code: FaultCode, detail: string]
}

const foundBy = {
  hint: "the relay's hint",
  push: "the mail server's push",
  idle: 'IDLE',
  scan: 'a scan',
} as const

/** In their order: each but the first follows from the one before. */
const steps: readonly Step[] = [
  {
    name: 'pressed',
    atMs: ({ pressedAtMs }) => pressedAtMs,
    says: () => 'The handheld asked to activate.',
    missing: () => ['internal.invariant', ''],
  },
  {
    name: 'relay accepted',
    atMs: ({ relayAtMs }) => relayAtMs,
    says: () => 'The request was taken.',
    missing: ({ screen }) => ['relay.unreachable', `the handheld shows: ${screen}`],
  },
  {
    name: 'SMTP accepted',
    atMs: ({ mailedAtMs }) => mailedAtMs,
    says: () => 'The mail server took it.',
    missing: ({ mailTrouble }) => [mailTrouble?.code ?? 'smtp.unreachable', mailTrouble?.detail ?? ''],
  },
  {
    name: 'in the mailbox',
    atMs: (facts) =>
      seen(facts)?.mail.receivedAtMs ?? seen(facts)?.atMs ?? (isFound(facts.look) ? facts.mailedAtMs : null),
    says: (facts) => (seen(facts) ? `In ${folderOf(facts)}.` : 'It was found there.'),
    missing: ({ look, mailboxFault }) =>
      look?.at === 'unreachable' ? [look.code, look.detail] : [mailboxFault ?? 'mail.not_seen', ''],
  },
  {
    name: 'seen',
    atMs: (facts) => seen(facts)?.atMs ?? null,
    says: (facts) => `Read by the agent (${foundBy[seen(facts)?.mail.foundBy ?? 'scan']}).`,
    missing: ({ mailboxFault }) => [mailboxFault ?? 'mail.not_read', ''],
  },
  {
    name: 'proof',
    atMs: (facts) => find(facts, 'proof_judged', ({ verdict }) => verdict === 'right')?.atMs ?? null,
    says: () => 'Both sides know the password.',
    missing: ({ stoppedBy, screen }) => [stoppedBy ?? 'proof.none', `the handheld shows: ${screen}`],
  },
  {
    name: 'policy',
    atMs: (facts) => find(facts, 'policy_acked', isApplied)?.atMs ?? null,
    says: () => 'The IT policy was applied.',
    missing: ({ stoppedBy }) => [stoppedBy ?? 'policy.not_acknowledged', ''],
  },
  {
    name: 'books',
    atMs: (facts) => find(facts, 'books_acked', isApplied)?.atMs ?? null,
    says: () => 'The service books were registered.',
    missing: ({ stoppedBy }) => [stoppedBy ?? 'books.not_acknowledged', ''],
  },
  {
    name: 'complete',
    atMs: ({ completeAtMs }) => completeAtMs,
    says: () => 'The handheld says so.',
    missing: ({ screen }) => ['doctor.slow', `the handheld shows: ${screen}`],
  },
]

/** The hops that were reached; where `ended`, the first that was not is the last, broken. */
export function hopsOf(facts: Facts, ended: boolean): Hop[] {
  const hops: Hop[] = []
  let beforeMs: number | null = null
  for (const step of steps) {
    const atMs = step.atMs(facts)
    if (atMs === null) {
      if (ended) hops.push({ check: missingCheck(step, facts), tookMs: null })
      return hops
    }
    // A mailbox's time has no fractions of a second, and every machine its own clock.
    const tookMs: number | null = beforeMs === null ? null : Math.max(0, atMs - beforeMs)
    hops.push({ check: reachedCheck(step, facts), tookMs })
    beforeMs = Math.max(beforeMs ?? 0, atMs)
  }
  return hops
}

function reachedCheck({ name, says }: Step, facts: Facts): Check {
  const inJunk = name === 'in the mailbox' && (isJunk(facts) || facts.look?.at === 'junk')
  return inJunk
    ? fromFault(name, 'attention', 'mail.in_junk', null, folderOf(facts))
    : fine(name, says(facts))
}

function missingCheck({ name, missing }: Step, facts: Facts): Check {
  const [code, detail] = missing(facts)
  return fromFault(name, 'broken', code, null, detail)
}

const isFound = (look: OwnLook | null): boolean => look?.at === 'inbox' || look?.at === 'junk'

const isJunk = (facts: Facts): boolean => !(seen(facts)?.mail.mailbox.endsWith('/INBOX') ?? true)

/** The folder's name without the user's. */
const folderOf = (facts: Facts): string => {
  const mailbox = seen(facts)?.mail.mailbox
  return mailbox === undefined ? 'the Junk folder' : mailbox.slice(mailbox.indexOf('/') + 1)
}

const isApplied = ({ status }: { readonly status: number }): boolean => status <= 1

type Of<K extends ActivationEvent['kind']> = Extract<ActivationEvent, { kind: K }>

const seen = (facts: Facts) => find(facts, 'etp_seen', () => true)

const find = <K extends ActivationEvent['kind']>(
  { events }: Facts,
  kind: K,
  fits: (event: Of<K>) => boolean,
): Of<K> | undefined => events.find((event): event is Of<K> => event.kind === kind && fits(event as Of<K>))
