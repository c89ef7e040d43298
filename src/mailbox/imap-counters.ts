/** Counters of mailboxes: STATUS for each, or LIST with STATUS for many (RFC 5819). */
import { Fault } from '#kernel/fault.ts'
import type { Answer } from './imap-inbox.ts'
import { openedFrom, readStatus } from './imap-replies.ts'
import type { ImapSession } from './imap-session.ts'
import type { MailboxCounters, MailboxStatus } from './mailbox.ts'
import type { ImapResponse } from './response-cutter.ts'

const items = '(UIDVALIDITY UIDNEXT MESSAGES)'
/** A server without an index makes one for the first list of its 10,000 mailboxes; half a minute was seen. */
const listMsMax = 300_000

export async function* statusOf(
  session: ImapSession,
  names: Iterable<string>,
  patienceMs: number,
): AsyncGenerator<readonly MailboxStatus[]> {
  await refresh(session)
  /** Those that were asked for and not answered, in order. */
  const asked: string[] = []
  const commands = Iterator.from(names).map((name) => {
    asked.push(name)
    return `STATUS ${session.quoted(name)} ${items}`
  })
  /** From the first on that was refused, in order: why is asked once the line is free. */
  const late: { readonly name: string; readonly answer: Answer<MailboxCounters> }[] = []
  for await (const answers of session.pipeline.run({ commands, read: readStatus, patienceMs })) {
    const told: MailboxStatus[] = []
    for (const answer of answers) {
      const name = asked.shift()
      if (name === undefined) continue
      if (late.length > 0 || answer.status !== 'OK') late.push({ name, answer })
      else told.push(countersIn(name, answer))
    }
    if (told.length > 0) yield told
  }
  for (const { name, answer } of late) yield [await settled(session, name, answer)]
}

/**
 * Of the mailbox that is open, STATUS tells what this connection has seen of it so far (Dovecot does, and answers a
 * STATUS before the NOOP that was sent ahead of it).
 */
async function refresh(session: ImapSession): Promise<void> {
  if (session.opened !== null) await session.ask(['NOOP'])
}

function countersIn(name: string, { untagged }: Answer<MailboxCounters>): MailboxCounters {
  const [counters] = untagged
  if (!counters) throw new Fault('imap.protocol', `${name}: STATUS without an answer`)
  return { ...counters, name }
}

/**
 * A server may list a name that it cannot open, and a mailbox may come into being between two commands: only the
 * refusal to open it tells a missing right from a missing mailbox.
 */
async function settled(
  session: ImapSession,
  name: string,
  answer: Answer<MailboxCounters>,
): Promise<MailboxStatus> {
  if (answer.status === 'OK') return countersIn(name, answer)
  if (answer.code === 'NONEXISTENT') return { name, error: 'imap.no_mailbox' }
  const [opened] = await session.ask([`EXAMINE ${session.quoted(name)}`])
  session.opened = null
  if (opened?.status === 'OK') {
    const { uidValidity, uidNext, exists } = openedFrom(name, opened.untagged)
    session.opened = { name, uidValidity }
    return { name, uidValidity, uidNext, exists }
  }
  return { name, error: (await session.refusal(name, opened ?? answer)).code }
}

export async function listStatusOf(
  session: ImapSession,
  patterns: readonly string[],
  onCounters: (counters: MailboxCounters) => void,
): Promise<void> {
  const wanted = patterns.map((pattern) => session.quoted(pattern)).join(' ')
  const list = `LIST "" (${wanted}) RETURN (STATUS ${items})`
  await refresh(session)
  const read = (response: ImapResponse): null => {
    const counters = readStatus(response)
    if (counters) onCounters({ ...counters, name: session.named(counters.name) })
    return null
  }
  for await (const answers of session.pipeline.run({ commands: [list], read, patienceMs: listMsMax }))
    for (const { status, words } of answers)
      if (status !== 'OK') throw new Fault('imap.protocol', `LIST with STATUS was refused: ${words}`)
}
