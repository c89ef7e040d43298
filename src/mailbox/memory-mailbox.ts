/**
 * A mail server in memory for tests and simulations. Mail can come late, twice or in another order, connections
 * can be lost, and a mailbox can lose its UIDVALIDITY, all when the test says so.
 */
import type { Clock } from '#kernel/clock.ts'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import type { MailboxAbilities, MailboxConnection, MailLogin, MailServer } from './mailbox.ts'
import { makeMemoryConnection } from './memory-connection.ts'
import {
  type MemoryDelivery,
  type MemoryFolder,
  type MemoryMessage,
  makeMemoryFolders,
} from './memory-folders.ts'

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
  /** More connections than these are refused with imap.too_many_connections. */
  grantConnections(max: number): void
  connections(): number
  /** Log-ins since the start. */
  logins(): readonly MailLogin[]
}

const everyAbility: MailboxAbilities = { listStatus: true, idle: true, uidExpunge: true }

/** A turn of the event loop. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** `user` log-ins call a folder by its bare name; the server keeps it as `<user>/<name>`. */
export function makeMemoryMailServer(
  clock: Clock,
  abilities: Partial<MailboxAbilities> = {},
  turn: () => Promise<void> = nextTurn,
): MemoryMailServer {
  const folders = makeMemoryFolders(clock)
  const open = new Set<{ lose(): void }>()
  const logins: MailLogin[] = []
  let refusal: FaultCode | null = null
  let granted = Number.POSITIVE_INFINITY

  const connect = async (login: MailLogin): Promise<MailboxConnection> => {
    logins.push(login)
    if (refusal) throw new Fault(refusal, 'refused by the test')
    if (open.size >= granted) throw new Fault('imap.too_many_connections', 'refused by the test')
    const own = login.as === 'user' ? `${login.user}/` : ''
    const { connection, lose } = makeMemoryConnection({
      abilities: { ...everyAbility, ...abilities },
      turn,
      find: (name) => folders.find(own + name),
      names: () =>
        folders
          .names()
          .filter((name) => name.startsWith(own))
          .map((name) => name.slice(own.length)),
      put: (name, raw, internalDateMs) =>
        folders.deliver(own + name, raw, internalDateMs === undefined ? {} : { internalDateMs }),
      ended: () => open.delete(entry),
    })
    const entry = { lose }
    open.add(entry)
    return connection
  }

  return {
    connect,
    create: (name) => void folders.create(name),
    deliver: folders.deliver,
    messages: (name) => folders.find(name)?.messages ?? [],
    folder: folders.find,
    renumber: folders.renumber,
    loseConnections: () => {
      for (const { lose } of [...open]) lose()
    },
    refuseConnections: (code) => {
      refusal = code
    },
    grantConnections: (max) => {
      granted = max
    },
    connections: () => open.size,
    logins: () => logins,
  }
}
