/** Connects to a real IMAP server. TLS is always verified; without TLS it speaks to this machine alone. */
import { ImapFlow } from 'imapflow'
import { assert } from '#kernel/assert.ts'
import type { Clock } from '#kernel/clock.ts'
import { makeImapConnection } from './imap-connection.ts'
import { imapFault } from './imap-fault.ts'
import type { MailLogin, MailServer } from './mailbox.ts'
import { sharedTransport, type Transport } from './shared-socket.ts'

export interface ImapServerAddress {
  readonly host: string
  readonly port: number
  /** TLS from the first byte, after STARTTLS, or, on loopback alone, none. */
  readonly tls: 'implicit' | 'starttls' | 'none'
  /** CA certificates that sign the server's, PEM; without it the system's. */
  readonly ca?: string
  /** The name in its certificate, where it is not `host`. */
  readonly serverName?: string
}

export interface ServiceAccountLogin {
  readonly user: string
  readonly password: string
}

const connectMsMax = 10_000
/** Below imapflow's own limit for a silent socket, and below what firewalls on the way forget. */
const idleMsMax = 240_000
/** A server that answers with more than these is not understood; messages are cut by the fetch itself. */
const responseBytesMax = { line: 64 * 1024 * 1024, literal: 4 * 1024 * 1024, response: 128 * 1024 * 1024 }

/** Each `connect` makes a client of its own: imapflow does not connect a second time. */
export function imapMailServer(
  address: ImapServerAddress,
  account: ServiceAccountLogin,
  clock: Clock,
): MailServer {
  assert(address.tls !== 'none' || isLoopback(address.host), 'plain IMAP is spoken on loopback only')
  return {
    connect: async (login) => {
      const { transport, socket } = sharedTransport()
      const client = makeClient(address, account, login, transport)
      // An error after the connecting shows in the command that runs, and in `usable`.
      client.on('error', () => {})
      try {
        await client.connect()
      } catch (error) {
        client.close()
        throw imapFault(error, whose(login))
      }
      return makeImapConnection(client, socket, clock)
    },
  }
}

function makeClient(
  address: ImapServerAddress,
  account: ServiceAccountLogin,
  login: MailLogin,
  transport: Transport,
): ImapFlow {
  return new ImapFlow({
    host: address.host,
    port: address.port,
    transport,
    secure: address.tls === 'implicit',
    doSTARTTLS: address.tls === 'starttls',
    tls: {
      ...(address.ca !== undefined && { ca: address.ca }),
      ...(address.serverName !== undefined && { servername: address.serverName }),
      minVersion: 'TLSv1.2',
    },
    auth: {
      user: account.user,
      pass: account.password,
      ...(login.as === 'user' && { authzid: login.user, loginMethod: 'AUTH=PLAIN' }),
    },
    clientInfo: { name: 'Postkey' },
    logger: false,
    disableAutoIdle: true,
    disableAutoEnable: true,
    disableCompression: true,
    maxIdleTime: idleMsMax,
    connectionTimeout: connectMsMax,
    greetingTimeout: connectMsMax,
    maxLineLength: responseBytesMax.line,
    maxLiteralSize: responseBytesMax.literal,
    maxResponseSize: responseBytesMax.response,
  })
}

const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(host)

const whose = (login: MailLogin): string => (login.as === 'user' ? `on behalf of ${login.user}` : 'log-in')
