/** Gathers how the parts along a request's way stand, for `explain`: relay, mail server, mailbox, agent, work. */
import type { Activation } from '#activation/activation.ts'
import type { PathFacts, RelayMailFacts } from '#activation/path.ts'
import { begin } from '#activation/request.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { decodeEtpBody } from '#protocol/etp.ts'
import type { WorkItem } from '#store/activations.ts'
import type { AnsweredMail } from '#store/relay.ts'
import type { User } from '#store/users.ts'
import type { AdminParts } from './ports.ts'

/** Work that is due for this long means that the agent is behind or hung. */
export const overdueMs = 60_000

type Parts = Pick<AdminParts, 'store' | 'clock' | 'agent' | 'mails'>

/** @param owner the mailbox's user, null where the user is gone */
export async function pathOf(parts: Parts, run: Activation, owner: MailAddress | null): Promise<PathFacts> {
  const { store, clock, mails } = parts
  const mail = (await mails?.findAnsweredMail(run.txn)) ?? null
  const work = await store.activations.workOf(run.txn)
  return {
    relayMail: mail && relayMailFacts(mail),
    agent: parts.agent(owner ?? run.address),
    overdue: overdueIn(work, clock.nowMs()),
  }
}

/** What failed and is tried again counts as overdue at once. */
function overdueIn(work: readonly WorkItem[], nowMs: number): PathFacts['overdue'] {
  const late = work.find(
    ({ kind, lastCode, dueAtMs }) => kind !== 'wake' && (lastCode !== null || dueAtMs <= nowMs - overdueMs),
  )
  return late ? { sinceMs: Math.min(late.dueAtMs, nowMs), code: late.lastCode } : null
}

const relayMailFacts = (mail: AnsweredMail): RelayMailFacts => {
  const { txn, address, pin, state, acceptedAtMs, mailedAtMs, answeredAtMs, answer, tries, nextTryAtMs } =
    mail
  const body = decodeEtpBody(mail.body)
  const pressedAtMs = body.ok ? body.value.createdAt * 1000 : acceptedAtMs
  return {
    txn,
    address,
    pin,
    state,
    pressedAtMs,
    acceptedAtMs,
    mailedAtMs,
    answeredAtMs,
    answer,
    tries,
    nextTryAtMs,
  }
}

/**
 * The newest request to one of the user's addresses that the relay took and this server has not heard of, as an
 * activation that waits for its mail; null where `newest` is as new.
 */
export async function unheardOf(
  { store, mails }: Parts,
  user: User,
  newest: Activation | null,
): Promise<Activation | null> {
  const mail = (await mails?.newestMailTo([user.address, ...user.aliases])) ?? null
  if (!mail || mail.txn === newest?.txn || mail.acceptedAtMs < (newest?.startedAtMs ?? 0)) return null
  if (await store.activations.find(mail.txn)) return null
  const { address, acceptedAtMs: atMs, pin } = mail
  const begun = begin(mail.txn, { kind: 'relay_mailed', address, atMs })
  return begun && { ...begun.next, pin }
}
