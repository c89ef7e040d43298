/** One connection to a directory server: TLS, log-in, searches page by page; every failure is a fault. */
import { isIP } from 'node:net'
import { Client, type Entry, FilterParser } from 'ldapts'
import { Fault } from '#kernel/fault.ts'
import { ldapFault } from './ldap-fault.ts'
import { type LdapSockets, makeSockets } from './ldap-socket.ts'

/** No directory has so many; one that never comes to an end is none. */
const pagesMax = 100_000

export interface LdapServer {
  /** ldap://host:port or ldaps://host:port */
  readonly url: string
  /** With ldap://: TLS before anything else is said. */
  readonly starttls: boolean
  /** CA certificates that sign the server's, PEM; the system's where absent. */
  readonly ca?: string
  /** Empty: nobody logs in. */
  readonly bindDn: string
  readonly bindPassword: string
  /** Longest wait for a connection, and for each page. */
  readonly timeoutMs: number
}

export interface LdapSearch {
  readonly baseDn: string
  readonly filter: string
  readonly attributes: readonly string[]
  readonly pageSize: number
  /** Attributes whose values are bytes. */
  readonly binary?: readonly string[]
}

export interface LdapClient {
  /** @throws Fault ldap.*, tls.* */
  search(search: LdapSearch): AsyncIterable<readonly Entry[]>
  close(): Promise<void>
}

/** @throws Fault ldap.*, tls.* */
export async function connectLdap(server: LdapServer, signal: AbortSignal): Promise<LdapClient> {
  const { url, starttls, ca, bindDn, bindPassword, timeoutMs } = server
  const { hostname, protocol } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const tls = {
    host,
    ...(isIP(host) ? {} : { servername: host }),
    ...(ca === undefined ? {} : { ca }),
    minVersion: 'TLSv1.2' as const,
  }
  const sockets = makeSockets(protocol === 'ldaps:' ? 'tls' : 'clear', tls)
  // Types of the sockets it dials for itself: it is only ever given ours.
  const client = new Client({
    url,
    timeout: timeoutMs,
    connectTimeout: timeoutMs,
    createConnection: ((port: number, name: string) => sockets.dial(port, name)) as never,
    createSecureConnection: ((port: unknown, name: string) =>
      typeof port === 'number' ? sockets.dial(port, name) : sockets.secure()) as never,
  })
  const abort = (): void => sockets.destroy(new Error('given up'))
  signal.addEventListener('abort', abort)
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', abort)
    await client.unbind().catch(() => {})
  }
  const failed = (error: unknown, doing: string): Fault => ldapFault(error, doing, sockets.trouble())
  const attempt = async (doing: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      await close()
      throw failed(error, doing)
    }
  }
  if (signal.aborted) throw new Fault('ldap.unreachable', 'given up')
  // A handshake that does not go on has no end of its own.
  const late = setTimeout(() => sockets.destroy(new Error('no answer in time')), 2 * timeoutMs)
  try {
    if (protocol === 'ldap:' && starttls) await attempt('StartTLS', () => client.startTLS({}))
    await attempt('log-in', () => client.bind(bindDn, bindPassword))
  } finally {
    clearTimeout(late)
  }
  return { search: (search) => pages(client, search, sockets, failed), close }
}

async function* pages(
  client: Client,
  { baseDn, filter, attributes, pageSize, binary = [] }: LdapSearch,
  sockets: Pick<LdapSockets, 'nextPage' | 'unfinished'>,
  failed: (error: unknown, doing: string) => Fault,
): AsyncGenerator<readonly Entry[]> {
  const options = {
    scope: 'sub' as const,
    filter: parsedFilter(filter),
    attributes: [...attributes],
    explicitBufferAttributes: [...binary],
    paged: { pageSize },
  }
  try {
    sockets.nextPage()
    let count = 0
    for await (const { searchEntries } of client.searchPaginated(baseDn, options)) {
      sockets.nextPage()
      count += 1
      if (count > pagesMax) throw new Fault('ldap.protocol', `more than ${pagesMax} pages`)
      yield searchEntries
    }
    // The client takes an empty page for the last one.
    if (sockets.unfinished()) throw new Fault('ldap.protocol', 'an empty page before the last one')
  } catch (error) {
    throw failed(error, 'search')
  }
}

/** The client lets brackets be left open. Those of a value are written with a backslash and two digits. */
function parsedFilter(filter: string) {
  const open = filter.split('(').length
  if (!filter.startsWith('(') || filter.split(')').length !== open)
    throw new Fault('ldap.filter', `brackets: ${filter.slice(0, 100)}`)
  try {
    return FilterParser.parseString(filter)
  } catch (error) {
    throw new Fault('ldap.filter', filter.slice(0, 100), error)
  }
}
