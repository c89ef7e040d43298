/** One connection to an IMAP server: imapflow logs in and waits with IDLE, all else is pipelined. */
import type { ImapFlow } from 'imapflow'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { appendMessage } from './imap-append.ts'
import { listStatusOf, statusOf } from './imap-counters.ts'
import { imapFault } from './imap-fault.ts'
import { fetchRaw, removeMessage, rightsIn } from './imap-message.ts'
import { lookAtNews } from './imap-news.ts'
import { makeImapSession } from './imap-session.ts'
import type { MailboxConnection } from './mailbox.ts'
import type { SharedSocket } from './shared-socket.ts'

const logoutMsMax = 1_000

/** @param socket the one that carries the client's session */
export function makeImapConnection(
  client: ImapFlow,
  socket: () => SharedSocket,
  clock: Clock,
): MailboxConnection {
  const session = makeImapSession(client, socket, clock)
  const { capabilities } = client
  return {
    abilities: {
      listStatus: capabilities.has('LIST-STATUS'),
      idle: capabilities.has('IDLE'),
      uidExpunge: capabilities.has('UIDPLUS'),
    },
    usable: () => client.usable,
    status: (names, patienceMs) => each(client, () => statusOf(session, names, patienceMs)),
    listStatus: (patterns, onCounters) => once(client, () => listStatusOf(session, patterns, onCounters)),
    newMessages: (looks) => each(client, () => lookAtNews(session, looks)),
    fetchRaw: (name, message, bytesMax) => once(client, () => fetchRaw(session, name, message, bytesMax)),
    append: (name, raw, internalDateMs) =>
      once(client, () => appendMessage(session, name, raw, internalDateMs)),
    remove: (name, message) => once(client, () => removeMessage(session, name, message)),
    rights: (name) => once(client, () => rightsIn(session, name)),
    idle: (name, onNews, signal) => idle(client, name, onNews, signal),
    close: async () => {
      const cancel = clock.after(logoutMsMax, () => client.close())
      if (client.usable) await client.logout().catch(() => {})
      cancel()
      client.close()
    },
  }
}

/** After what was not understood, or not answered, the connection is given up. */
function failed(client: ImapFlow, error: unknown): Fault {
  const fault = imapFault(error, 'IMAP')
  if (fault.code === 'imap.protocol' || fault.code === 'imap.unreachable') client.close()
  return fault
}

async function once<T>(client: ImapFlow, work: () => Promise<T>): Promise<T> {
  try {
    needUsable(client)
    return await work()
  } catch (error) {
    throw failed(client, error)
  }
}

async function* each<T>(client: ImapFlow, work: () => AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    needUsable(client)
    yield* work()
  } catch (error) {
    throw failed(client, error)
  }
}

function needUsable(client: ImapFlow): void {
  if (!client.usable) throw new Fault('imap.unreachable', 'the connection has ended')
}

async function idle(client: ImapFlow, name: string, onNews: () => void, signal: AbortSignal): Promise<void> {
  let called: Promise<unknown> | null = null
  const stop = () => {
    called = client.noop().catch(() => {})
  }
  client.on('exists', onNews)
  signal.addEventListener('abort', stop, { once: true })
  try {
    spareList(client, name)
    await client.mailboxOpen(name, { readOnly: true })
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
    await called
    client.off('exists', onNews)
  }
}

/**
 * imapflow lists a mailbox it does not know, with LSUB, before it opens it; among 10,000 mailboxes that is 50
 * times the work. It opens one it believes to have listed at once. Where a later version keeps no such list,
 * this does nothing.
 */
function spareList(client: ImapFlow, name: string): void {
  if ('folders' in client && client.folders instanceof Map && !client.folders.has(name))
    client.folders.set(name, {})
}
