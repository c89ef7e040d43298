/** Connects to a real IMAP server. TLS is always verified; without TLS it speaks to this machine alone. */
import { ImapFlow } from 'imapflow'
import { assert } from '#kernel/assert.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { isLoopback } from '#kernel/loopback.ts'
import { type MailCredentials, type Proof, type ServiceAccount, serviceAccount } from './credentials.ts'
import { makeImapConnection } from './imap-connection.ts'
import { loginFault } from './imap-fault.ts'
import type { MailboxConnection, MailLogin, MailServer } from './mailbox.ts'
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

const connectMsMax = 10_000
/** Below imapflow's own limit for a silent socket, and below what firewalls on the way forget. */
const idleMsMax = 240_000
/** A server that answers with more than these is not understood; messages are cut by the fetch itself. */
const responseBytesMax = { line: 64 * 1024 * 1024, literal: 4 * 1024 * 1024, response: 128 * 1024 * 1024 }

/** A server that has no process left for a connection keeps the log-in waiting. */
const loginMsMax = 30_000
/**
 * Each `connect` makes a client of its own: imapflow does not connect a second time. A token that the server
 * refuses is exchanged for a newer one once.
 */
export function imapMailServer(
  address: ImapServerAddress,
  account: ServiceAccount | MailCredentials,
  clock: Clock,
): MailServer {
  assert(address.tls !== 'none' || isLoopback(address.host), 'plain IMAP is spoken on loopback only')
  const credentials = 'proof' in account ? account : serviceAccount(account)
  const logIn = async (login: MailLogin, proof: Proof): Promise<MailboxConnection> => {
    const { transport, socket } = sharedTransport()
    try {
      const client = await loggedIn(makeClient(address, proof, transport), clock)
      return makeImapConnection(client, socket, clock)
    } catch (error) {
      throw loginFault(error, whose(login), proof.how)
    }
  }
  return {
    connect: async (login) => {
      const first = await credentials.proof(login)
      try {
        return await logIn(login, first)
      } catch (error) {
        if (!isTokenRefused(error) || first.how !== 'token' || !credentials.tokenRefused(login, first.token))
          throw error
        return logIn(login, await credentials.proof(login))
      }
    },
  }
}

const isTokenRefused = (error: unknown): boolean =>
  error instanceof Fault && error.code === 'imap.token_refused'

/** It spoke, and then closed the connection without a word: Dovecot does so where the user has a token and no mailbox. */
const isCutOff = (client: ImapFlow, error: unknown): boolean =>
  client.capabilities.size > 0 &&
  error instanceof Error &&
  'code' in error &&
  /^ClosedAfterConnect/.test(String(error.code)) &&
  !('reason' in error)

async function loggedIn(client: ImapFlow, clock: Clock): Promise<ImapFlow> {
  let late = false
  const cancel = clock.after(loginMsMax, () => {
    late = true
    client.close()
  })
  // An error after the connecting shows in the command that runs, and in `usable`.
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    client.close()
    if (late) throw new Fault('imap.login_unanswered', `for ${loginMsMax / 1000} s`)
    if (isCutOff(client, error)) throw new Fault('imap.login_unanswered', 'it closed the connection', error)
    throw error
  } finally {
    cancel()
  }
}

function makeClient(address: ImapServerAddress, proof: Proof, transport: Transport): ImapFlow {
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
    auth: authOf(proof),
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

function authOf(proof: Proof) {
  if (proof.how === 'token') return { user: proof.user, accessToken: proof.token }
  const { user, password, authzid } = proof
  return { user, pass: password, ...(authzid !== undefined && { authzid, loginMethod: 'AUTH=PLAIN' }) }
}

const whose = (login: MailLogin): string => (login.as === 'user' ? `on behalf of ${login.user}` : 'log-in')
