/** Why an activation that has not ended does not go on: the first reason that can be seen from here, or none. */
import type { FaultCode } from '#kernel/fault.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import type { Activation } from './activation.ts'
import type { MessageName } from './event.ts'
import type { AgentFacts, MailboxFacts, PathFacts, RelayMailFacts } from './path.ts'

/** A reason, since when it holds where that is not when the waiting began, and what else is known of it. */
export interface Reason {
  readonly code: FaultCode
  readonly sinceMs?: number
  readonly detail?: string
  readonly retryAtMs?: number
}

/** A message without an answer for this long is named as such; before that, waiting is normal. */
export const patienceMs = 120_000

/** @param path null where nothing but the events is known */
export function waitingReason(activation: Activation, path: PathFacts | null, nowMs: number): Reason | null {
  const isLong = nowMs - activation.sinceMs >= patienceMs
  switch (activation.phase) {
    case 'mailed':
      return mailReason(activation, path, nowMs) ?? (isLong ? { code: 'mail.not_seen' } : null)
    case 'answering':
    case 'judging':
    case 'policy_due':
    case 'books_due':
      return path && workReason(path)
    case 'answered':
    case 'claimed':
    case 'policy_out':
    case 'books_out':
      return messageReason(activation, path, isLong)
    default:
      return null
  }
}

/** The way of the mail in its order: relay, mail server, agent, mailbox. */
function mailReason({ txn, startedAtMs }: Activation, path: PathFacts | null, nowMs: number): Reason | null {
  if (!path) return null
  const { relayMail, agent } = path
  const unsent = relayMail && unsentReason(relayMail, nowMs)
  if (unsent) return unsent
  if (!agent) return { code: 'agent.behind' }
  return mailboxReason(agent.mailbox, txn.slice(0, 8), relayMail?.mailedAtMs ?? startedAtMs)
}

function unsentReason(mail: RelayMailFacts, nowMs: number): Reason | null {
  const detail = mail.answer
  const sinceMs = mail.answeredAtMs ?? mail.acceptedAtMs
  if (mail.state === 'refused') return { code: 'smtp.refused', sinceMs, detail }
  if (mail.state === 'gave_up') return { code: 'smtp.unreachable', sinceMs, detail }
  if (mail.state === 'accepted') return null
  const retryAtMs = mail.nextTryAtMs
  if (detail !== '') return { code: 'smtp.unreachable', sinceMs, detail, retryAtMs }
  return nowMs - mail.acceptedAtMs >= patienceMs ? { code: 'relay.mail_queued', sinceMs } : null
}

function mailboxReason(mailbox: MailboxFacts, txn8: string, mailedAtMs: number): Reason | null {
  const { fault, goneAtMs, lookedAtMs, lateBeforeMs } = mailbox
  if (fault) return fault
  const empty = mailbox.empty.find((mail) => mail.txn8 === txn8)
  if (empty) return { code: 'mail.stripped', sinceMs: empty.atMs }
  if (goneAtMs !== null && goneAtMs >= mailedAtMs) return { code: 'mail.gone', sinceMs: goneAtMs }
  return lookedAtMs !== null && lookedAtMs < lateBeforeMs
    ? { code: 'agent.behind', sinceMs: lookedAtMs }
    : null
}

function workReason({ agent, overdue }: PathFacts): Reason | null {
  if (!agent) return { code: 'agent.behind' }
  return overdue && { code: overdue.code ?? 'agent.behind', sinceMs: overdue.sinceMs }
}

const awaited = { answered: 'm2', claimed: 'm4', policy_out: 'policy', books_out: 'books' } as const
type Awaiting = keyof typeof awaited

function messageReason(activation: Activation, path: PathFacts | null, isLong: boolean): Reason | null {
  const phase = activation.phase as Awaiting
  const status = activation.receipts[awaited[phase]]
  const refused = receiptCode(awaited[phase], status)
  if (refused) return { code: refused }
  const link = path && linkReason(path.agent)
  if (link) return link
  if (!isLong) return null
  if (status === receiptStatus.stored || phase === 'answered' || phase === 'claimed')
    return status === undefined ? null : { code: 'handheld.off_air' }
  return { code: phase === 'policy_out' ? 'policy.not_acknowledged' : 'books.not_acknowledged' }
}

function receiptCode(of: MessageName, status: number | undefined): FaultCode | null {
  if (status === receiptStatus.notListed) return 'relay.not_listed'
  if (status === receiptStatus.queueFull) return 'relay.queue_full'
  if (status === receiptStatus.tokenDead && of === 'm2') return 'request.taken'
  return status === receiptStatus.fenced ? 'relay.fenced' : null
}

/** A connection that is only being made is no reason yet. */
function linkReason(agent: AgentFacts | null): Reason | null {
  if (!agent) return { code: 'agent.behind' }
  const { stage, code, sinceMs, retryAtMs } = agent.link
  if (stage === 'ready' || (stage === 'connecting' && code === null)) return null
  return { code: code ?? 'relay.unreachable', sinceMs, ...(retryAtMs === null ? {} : { retryAtMs }) }
}
