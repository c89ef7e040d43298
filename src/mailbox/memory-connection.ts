/** One connection to the mail server in memory. */
import { Fault } from '#kernel/fault.ts'
import { headerField } from './header-field.ts'
import type {
  Look,
  Looked,
  MailboxAbilities,
  MailboxConnection,
  MailboxCounters,
  MailboxStatus,
  MessageSummary,
} from './mailbox.ts'
import type { MemoryFolder, MemoryMessage } from './memory-folders.ts'

export interface MemoryConnectionParts {
  readonly abilities: MailboxAbilities
  find(name: string): MemoryFolder | null
  names(): readonly string[]
  put(name: string, raw: Uint8Array, internalDateMs?: number): void
  /** How long an answer takes: resolves when it is due. */
  turn(): Promise<void>
  ended(): void
}

export function makeMemoryConnection(parts: MemoryConnectionParts): {
  connection: MailboxConnection
  /** The line breaks: what runs now and all that comes later fails. */
  lose(): void
} {
  const ended = new AbortController()
  const end = () => {
    if (ended.signal.aborted) return
    parts.ended()
    ended.abort()
  }
  /** Every answer takes its time, so that a loss can come in between. */
  const answered = async <T>(answer: () => T): Promise<T> => {
    await parts.turn()
    if (ended.signal.aborted) throw new Fault('imap.unreachable', 'the connection was lost')
    return answer()
  }
  const need = (name: string): MemoryFolder => {
    const folder = parts.find(name)
    if (!folder) throw new Fault('imap.no_mailbox', name)
    return folder
  }
  const connection: MailboxConnection = {
    abilities: parts.abilities,
    usable: () => !ended.signal.aborted,
    status: async function* (names) {
      for (const name of names) yield [await answered(() => statusOf(name, parts.find(name)))]
    },
    listStatus: (patterns, onCounters) =>
      answered(() => {
        const matches = patterns.map(matcher)
        for (const name of parts.names())
          if (matches.some((match) => match.test(name))) onCounters(countersOf(name, need(name)))
      }),
    newMessages: async function* (looks) {
      for (const look of looks) yield [await answered(() => lookedIn(look, parts.find(look.name)))]
    },
    fetchRaw: (name, message, bytesMax) =>
      answered(() => {
        const folder = need(name)
        if (folder.uidValidity !== message.uidValidity) return null
        const found = folder.messages.find(({ uid }) => uid === message.uid)
        return found ? found.raw.slice(0, bytesMax) : null
      }),
    append: (name, raw, internalDateMs) =>
      answered(() => {
        const folder = need(name)
        if (folder.readOnly) throw new Fault('imap.no_right', name)
        parts.put(name, raw, internalDateMs)
      }),
    remove: (name, message) =>
      answered(() => {
        const folder = need(name)
        if (folder.readOnly) throw new Fault('imap.no_right', name)
        const found = folder.messages.find(({ uid }) => uid === message.uid)
        if (!found || folder.uidValidity !== message.uidValidity) return 'gone'
        found.flags.add('\\Deleted')
        if (!parts.abilities.uidExpunge) return 'marked'
        folder.messages = folder.messages.filter((one) => one !== found)
        return 'removed'
      }),
    rights: (name) =>
      answered(() => {
        const { readOnly } = need(name)
        return { seen: !readOnly, remove: !readOnly }
      }),
    idle: async (name, onNews, signal) => {
      const { listeners } = await answered(() => need(name))
      listeners.add(onNews)
      onNews()
      await aborted(AbortSignal.any([signal, ended.signal]))
      listeners.delete(onNews)
      await answered(() => {})
    },
    close: async () => end(),
  }
  return { connection, lose: end }
}

const countersOf = (name: string, folder: MemoryFolder): MailboxCounters => ({
  name,
  uidValidity: folder.uidValidity,
  uidNext: folder.uidNext,
  exists: folder.messages.length,
})

/** `%` stands for anything but a separator (RFC 3501 section 6.3.8). */
const matcher = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('%', '[^/]*')}$`)

function lookedIn({ name, fromUid, sinceMs = 0, limit }: Look, folder: MemoryFolder | null): Looked {
  if (!folder) return { name, error: 'imap.no_mailbox' }
  const { uidValidity, uidNext, messages } = folder
  const wanted = messages.filter(({ uid, internalDateMs }) => uid >= fromUid && internalDateMs >= sinceMs)
  const cut = wanted.slice(0, limit)
  const last = cut.at(-1)
  const nextUid = last && cut.length < wanted.length ? last.uid + 1 : uidNext
  return { name, uidValidity, uidNext, nextUid, messages: cut.map(summaryOf) }
}

const statusOf = (name: string, folder: MemoryFolder | null): MailboxStatus =>
  folder ? countersOf(name, folder) : { name, error: 'imap.no_mailbox' }

const summaryOf = ({ uid, raw, internalDateMs, flags }: MemoryMessage): MessageSummary => ({
  uid,
  size: raw.length,
  internalDateMs,
  flags: [...flags],
  subject: headerField(raw, 'subject') ?? '',
  mdapMessage: headerField(raw, 'x-mdap-message'),
})

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
