/**
 * A mail server in memory for tests and simulations. Mail can come late, twice or in another order, connections
 * can be lost, and a mailbox can lose its UIDVALIDITY, all when the test says so.
 */
import type { Clock } from '#kernel/clock.ts'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import type { MailboxAbilities, MailboxConnection, MailLogin, MailServer } from './mailbox.ts'
import { makeMemoryConnection } from './memory-connection.ts'

export interface MemoryMessage {
  readonly uid: number
  readonly raw: Uint8Array
  readonly internalDateMs: number
  readonly flags: Set<string>
}

export interface MemoryFolder {
  uidValidity: number
  uidNext: number
  /** Ascending by UID. */
  messages: MemoryMessage[]
  readonly listeners: Set<() => void>
  /** The service account may read, but not remove. */
  readOnly: boolean
}

export interface MemoryDelivery {
  readonly delayMs?: number
  readonly copies?: number
  /** Kept back until that many later messages have come. */
  readonly overtakenBy?: number
  readonly internalDateMs?: number
}

export interface MemoryMailServer extends MailServer {
  /** Makes the folder; `name` as the service account calls it. */
  create(name: string): void
  deliver(name: string, raw: Uint8Array, how?: MemoryDelivery): void
  messages(name: string): readonly MemoryMessage[]
  folder(name: string): MemoryFolder | null
  /** Gives the mailbox a new UIDVALIDITY and its messages new UIDs. */
  renumber(name: string): void
  /** Every open connection is lost; the running commands fail. */
  loseConnections(): void
  /** Connecting fails with this code, or works again. */
  refuseConnections(code: FaultCode | null): void
  connections(): number
  /** Log-ins since the start. */
  logins(): readonly MailLogin[]
}

const everyAbility: MailboxAbilities = { listStatus: true, idle: true, uidExpunge: true }

/** `user` log-ins call a folder by its bare name; the server keeps it as `<user>/<name>`. */
export function makeMemoryMailServer(
  clock: Clock,
  abilities: Partial<MailboxAbilities> = {},
): MemoryMailServer {
  const folders = new Map<string, MemoryFolder>()
  const open = new Set<{ lose(): void }>()
  const logins: MailLogin[] = []
  const keptBack: { name: string; left: number; put(): void }[] = []
  let lastUidValidity = 1_000
  let refusal: FaultCode | null = null

  const create = (name: string): MemoryFolder => {
    lastUidValidity += 1
    const folder = {
      uidValidity: lastUidValidity,
      uidNext: 1,
      messages: [],
      listeners: new Set<() => void>(),
      readOnly: false,
    }
    folders.set(name, folder)
    return folder
  }

  const put = (name: string, raw: Uint8Array, internalDateMs: number | undefined): void => {
    const folder = folders.get(name) ?? create(name)
    const message = {
      uid: folder.uidNext,
      raw,
      internalDateMs: internalDateMs ?? clock.nowMs(),
      flags: new Set<string>(),
    }
    folder.uidNext += 1
    folder.messages = [...folder.messages, message]
    for (const listener of folder.listeners) listener()
    for (const kept of keptBack.filter((one) => one.name === name)) {
      kept.left -= 1
      if (kept.left > 0) continue
      keptBack.splice(keptBack.indexOf(kept), 1)
      kept.put()
    }
  }

  const connect = async (login: MailLogin): Promise<MailboxConnection> => {
    logins.push(login)
    if (refusal) throw new Fault(refusal, 'refused by the test')
    const own = login.as === 'user' ? `${login.user}/` : ''
    const { connection, lose } = makeMemoryConnection({
      abilities: { ...everyAbility, ...abilities },
      find: (name) => folders.get(own + name) ?? null,
      names: () => [...folders.keys()].filter((name) => name.startsWith(own)).map((n) => n.slice(own.length)),
      ended: () => open.delete(entry),
    })
    const entry = { lose }
    open.add(entry)
    return connection
  }

  return {
    connect,
    create: (name) => void create(name),
    deliver: (name, raw, how = {}) => {
      const once = () => put(name, raw, how.internalDateMs)
      const arrive = () => {
        if (how.overtakenBy) keptBack.push({ name, left: how.overtakenBy, put: once })
        else for (let copies = how.copies ?? 1; copies > 0; copies -= 1) once()
      }
      if (how.delayMs) clock.after(how.delayMs, arrive)
      else arrive()
    },
    messages: (name) => folders.get(name)?.messages ?? [],
    folder: (name) => folders.get(name) ?? null,
    renumber: (name) => {
      const old = folders.get(name)
      const folder = create(name)
      for (const message of old?.messages ?? []) put(name, message.raw, message.internalDateMs)
      for (const listener of old?.listeners ?? []) folder.listeners.add(listener)
    },
    loseConnections: () => {
      for (const { lose } of [...open]) lose()
    },
    refuseConnections: (code) => {
      refusal = code
    },
    connections: () => open.size,
    logins: () => logins,
  }
}
