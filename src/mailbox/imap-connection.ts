/** One connection to an IMAP server through imapflow. */
import type { FetchMessageObject, ImapFlow, StatusObject } from 'imapflow'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { headerField } from './header-field.ts'
import { imapFault } from './imap-fault.ts'
import type {
  Look,
  MailboxConnection,
  MailboxCounters,
  MailboxRights,
  MailboxStatus,
  MessageName,
  MessageSummary,
  NewMessages,
} from './mailbox.ts'

/** A command that has no answer after so long never gets one. */
const commandMsMax = 60_000
/** A server without an index makes one for the first list of its 10,000 mailboxes; half a minute was seen. */
const listMsMax = 300_000
const counters = { uidValidity: true, uidNext: true, messages: true }
/** SEARCH SINCE knows days alone, and not of which time zone. */
const daySlackMs = 86_400_000

export function makeImapConnection(client: ImapFlow, clock: Clock): MailboxConnection {
  const call = <T>(what: string, work: () => Promise<T>, limitMs = commandMsMax): Promise<T> =>
    answered(client, clock, what, work, limitMs)
  const capabilities = client.capabilities
  return {
    abilities: {
      listStatus: capabilities.has('LIST-STATUS'),
      idle: capabilities.has('IDLE'),
      uidExpunge: capabilities.has('UIDPLUS'),
    },
    usable: () => client.usable,
    status: async function* (names, patienceMs) {
      await call('NOOP', () => refreshOpened(client), patienceMs)
      for (const name of names) yield await call(name, () => statusOf(client, name), patienceMs)
    },
    listStatus: async (prefix) => {
      await call('NOOP', () => refreshOpened(client))
      return call(`${prefix}*`, () => listStatus(client, prefix), listMsMax)
    },
    newMessages: (name, look) => call(name, () => newMessages(client, name, look)),
    fetchRaw: (name, message, bytesMax) => call(name, () => fetchRaw(client, name, message, bytesMax)),
    remove: (name, message) => call(name, () => remove(client, name, message)),
    rights: (name) => call(name, () => rights(client, name)),
    idle: (name, onNews, signal) => idle(client, name, onNews, signal),
    close: async () => {
      if (client.usable) await call('log-out', () => client.logout(), 1_000).catch(() => {})
      client.close()
    },
  }
}

/** Runs one exchange; when it takes too long the connection is given up. */
async function answered<T>(
  client: ImapFlow,
  clock: Clock,
  what: string,
  work: () => Promise<T>,
  limitMs: number,
): Promise<T> {
  const cancel = clock.after(limitMs, () => client.close())
  try {
    return await work()
  } catch (error) {
    const fault = imapFault(error, what)
    if (fault.code === 'imap.protocol' || fault.code === 'imap.unreachable') client.close()
    throw fault
  } finally {
    cancel()
  }
}

/** Of the mailbox that is open, STATUS tells what this connection has seen of it so far (Dovecot does). */
async function refreshOpened(client: ImapFlow): Promise<void> {
  if (client.mailbox) await client.noop()
}

async function statusOf(client: ImapFlow, name: string): Promise<MailboxStatus> {
  try {
    const status = await client.status(name, counters)
    if (status) return { ...countersOf(status), name }
  } catch (error) {
    const { code } = imapFault(error, name)
    if (code === 'imap.no_mailbox') return { name, error: code }
    throw error
  }
  // imapflow says no more than "no" to a command that was refused and to one that was never answered.
  if (!client.usable) throw new Fault('imap.unreachable', name)
  return openedInstead(client, name)
}

/**
 * A server may list a name that it cannot open, and a mailbox may come into being between two commands: only
 * the refusal to open it tells a missing right from a missing mailbox.
 */
async function openedInstead(client: ImapFlow, name: string): Promise<MailboxStatus> {
  try {
    const opened = await client.mailboxOpen(name, { readOnly: true })
    return { ...countersOf({ ...opened, messages: opened.exists }), name }
  } catch (error) {
    const { code } = imapFault(error, name)
    if (code === 'imap.unreachable') throw error
    return { name, error: code }
  }
}

async function listStatus(client: ImapFlow, prefix: string): Promise<readonly MailboxCounters[]> {
  const entries = await client.list({ statusQuery: counters })
  return entries.flatMap(({ path, status }) =>
    path.startsWith(prefix) && status?.uidNext !== undefined ? [{ ...countersOf(status), name: path }] : [],
  )
}

function countersOf({ path, uidValidity, uidNext, messages }: StatusObject): MailboxCounters {
  if (uidValidity === undefined || uidNext === undefined)
    throw new Fault('imap.protocol', `${path}: no UIDVALIDITY or UIDNEXT in STATUS`)
  return { name: path, uidValidity: Number(uidValidity), uidNext, exists: messages ?? 0 }
}

async function newMessages(client: ImapFlow, name: string, look: Look): Promise<NewMessages> {
  const { uidValidity, uidNext } = await open(client, name, true)
  const { fromUid, limit } = look
  // `from:*` would name the last message where there is none from there on (RFC 3501 section 6.4.8).
  if (fromUid >= uidNext) return { uidValidity, uidNext, nextUid: uidNext, messages: [] }
  const whole = `${fromUid}:${uidNext - 1}`
  if (look.sinceMs === undefined && uidNext - fromUid <= limit) {
    return { uidValidity, uidNext, nextUid: uidNext, messages: await summaries(client, whole) }
  }
  const uids = await search(client, whole, look.sinceMs)
  const cut = uids.slice(0, limit)
  const last = cut.at(-1)
  return {
    uidValidity,
    uidNext,
    nextUid: last !== undefined && cut.length < uids.length ? last + 1 : uidNext,
    messages: cut.length > 0 ? await summaries(client, cut.join(',')) : [],
  }
}

async function search(client: ImapFlow, uids: string, sinceMs: number | undefined): Promise<number[]> {
  const since = sinceMs === undefined ? {} : { since: new Date(sinceMs - daySlackMs) }
  const found = await client.search({ uid: uids, ...since }, { uid: true })
  if (!found) throw new Fault('imap.protocol', 'SEARCH was refused')
  return found.toSorted((a, b) => a - b)
}

async function summaries(client: ImapFlow, uids: string): Promise<MessageSummary[]> {
  const query = {
    uid: true,
    flags: true,
    size: true,
    internalDate: true,
    envelope: true,
    headers: ['X-MDAP-Message'],
  }
  const found: MessageSummary[] = []
  for await (const message of client.fetch(uids, query, { uid: true })) found.push(summaryOf(message))
  return found.sort((a, b) => a.uid - b.uid)
}

function summaryOf(message: FetchMessageObject): MessageSummary {
  const internalDateMs = new Date(message.internalDate ?? 0).getTime()
  return {
    uid: message.uid,
    size: message.size ?? 0,
    internalDateMs: Number.isNaN(internalDateMs) ? 0 : internalDateMs,
    flags: [...(message.flags ?? [])],
    subject: message.envelope?.subject ?? '',
    mdapMessage: headerField(message.headers ?? new Uint8Array(), 'x-mdap-message'),
  }
}

async function fetchRaw(
  client: ImapFlow,
  name: string,
  message: MessageName,
  bytesMax: number,
): Promise<Uint8Array | null> {
  const opened = isOpen(client, name) ?? (await open(client, name, true))
  if (opened.uidValidity !== message.uidValidity) return null
  const source = { start: 0, maxLength: bytesMax }
  const found = await client.fetchOne(String(message.uid), { source }, { uid: true })
  const raw = found ? found.source : undefined
  return raw ? new Uint8Array(raw.subarray(0, bytesMax)) : null
}

async function remove(
  client: ImapFlow,
  name: string,
  message: MessageName,
): Promise<'removed' | 'marked' | 'gone'> {
  const { uidValidity } = await open(client, name, false)
  if (uidValidity !== message.uidValidity) return 'gone'
  const uid = String(message.uid)
  const isThere = async () => Boolean(await client.fetchOne(uid, { uid: true }, { uid: true }))
  if (!(await isThere())) return 'gone'
  // Without UIDPLUS an EXPUNGE would take the user's own deleted messages along.
  const byUid = client.capabilities.has('UIDPLUS')
  const done = byUid
    ? await client.messageDelete(uid, { uid: true })
    : await client.messageFlagsAdd(uid, ['\\Deleted'], { uid: true })
  if (done && !byUid) return 'marked'
  // A server may say OK to what it does not let this account do.
  if (done && !(await isThere())) return 'removed'
  throw new Fault(client.usable ? 'imap.no_right' : 'imap.unreachable', `${name}: delete UID ${uid}`)
}

/** Flags that the server lets this account change for good (RFC 3501 section 7.1, RFC 4314 section 5.2). */
async function rights(client: ImapFlow, name: string): Promise<MailboxRights> {
  await open(client, name, false)
  const { mailbox } = client
  const may = (flag: string): boolean =>
    mailbox !== false && mailbox.readOnly !== true && mailbox.permanentFlags?.has(flag) === true
  return { seen: may('\\Seen'), remove: may('\\Deleted') }
}

async function idle(client: ImapFlow, name: string, onNews: () => void, signal: AbortSignal): Promise<void> {
  const stop = () => void client.noop().catch(() => {})
  client.on('exists', onNews)
  signal.addEventListener('abort', stop, { once: true })
  try {
    await open(client, name, true)
    onNews()
    // imapflow ends an IDLE by itself now and then, to keep the connection alive.
    while (!signal.aborted && client.usable) {
      if ((await client.idle()) === false) throw new Fault('imap.unreachable', `${name}: IDLE ended`)
    }
    if (!client.usable) throw new Fault('imap.unreachable', `${name}: the connection ended`)
  } catch (error) {
    throw imapFault(error, name)
  } finally {
    signal.removeEventListener('abort', stop)
    client.off('exists', onNews)
  }
}

interface Opened {
  readonly uidValidity: number
  readonly uidNext: number
}

/** EXAMINE, which changes no flag, or SELECT. */
async function open(client: ImapFlow, name: string, readOnly: boolean): Promise<Opened> {
  spareList(client, name)
  const { uidValidity, uidNext } = await client.mailboxOpen(name, { readOnly })
  if (uidValidity === undefined || uidNext === undefined)
    throw new Fault('imap.protocol', `${name}: no UIDVALIDITY or UIDNEXT`)
  return { uidValidity: Number(uidValidity), uidNext }
}

const isOpen = ({ mailbox }: ImapFlow, name: string): Opened | null =>
  mailbox && mailbox.path === name && mailbox.readOnly === true
    ? { uidValidity: Number(mailbox.uidValidity), uidNext: mailbox.uidNext }
    : null

/**
 * imapflow lists a mailbox it does not know, with LSUB, before it opens it; among 10,000 mailboxes that is 50
 * times the work. It opens one it believes to have listed at once. Where a later version keeps no such list,
 * this does nothing.
 */
function spareList(client: ImapFlow, name: string): void {
  if ('folders' in client && client.folders instanceof Map && !client.folders.has(name))
    client.folders.set(name, {})
}
