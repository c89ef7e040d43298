/** The way of a request as the parts along it see it now: what `explain` looks at beside the events themselves. */
import type { ActivationId, MailAddress, Pin } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'

/** The relay's own word on a request, where the relay is part of this installation. */
export interface RelayMailFacts {
  readonly txn: ActivationId
  readonly address: MailAddress
  readonly pin: Pin
  readonly state: 'queued' | 'accepted' | 'refused' | 'gave_up'
  /** When the handheld made it, by the relay's clock, to the second. */
  readonly pressedAtMs: number
  readonly acceptedAtMs: number
  /** When the newest try began; null before the first. */
  readonly mailedAtMs: number | null
  /** When and what the mail server last answered. */
  readonly answeredAtMs: number | null
  readonly answer: string
  readonly tries: number
  readonly nextTryAtMs: number
}

/** What the agent last saw of a user's mailbox. */
export interface MailboxFacts {
  readonly lookedAtMs: number | null
  /** Not looked at since this time: the agent is behind. */
  readonly lateBeforeMs: number
  readonly fault: { readonly code: FaultCode; readonly sinceMs: number } | null
  /** Messages that had come and were gone again before the agent could look. */
  readonly goneAtMs: number | null
  /** Mails that called themselves activation mail and held no request, by the first digits of its id. */
  readonly empty: readonly { readonly txn8: string | null; readonly atMs: number }[]
}

export interface LinkFacts {
  readonly stage: 'connecting' | 'ready' | 'waiting' | 'stopped' | 'closed'
  readonly code: FaultCode | null
  readonly sinceMs: number
  readonly retryAtMs: number | null
}

/** What the running agent says; null where none runs in the process that is asked. */
export interface AgentFacts {
  readonly mailbox: MailboxFacts
  readonly link: LinkFacts
}

export interface PathFacts {
  readonly relayMail: RelayMailFacts | null
  readonly agent: AgentFacts | null
  /** Work for this activation that should have been done long ago. */
  readonly overdue: { readonly sinceMs: number; readonly code: FaultCode | null } | null
}
