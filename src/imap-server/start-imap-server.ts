import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer } from 'node:tls'
import { makePasswordCheck } from '#crypto/password-hash.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { makeFailureCount } from '#kernel/failure-count.ts'
import type { Log } from '#kernel/log.ts'
import { type Metrics, noMetrics } from '#kernel/metrics.ts'
import type { Store } from '#store/store.ts'
import { makeDescriber } from './described.ts'
import { type ImapLimits, imapLimits } from './imap-limits.ts'
import { makeLiteralBudget } from './literal-budget.ts'
import { startMailboxWatch } from './mailbox-watch.ts'
import { serveConnection } from './serve-connection.ts'
import type { ImapContext, ServiceAccount } from './session.ts'

export interface ImapServerOptions {
  readonly store: Pick<Store, 'mail' | 'onCommit'>
  readonly clock: Clock
  readonly log: Log
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** PEM. With it there is STARTTLS, and implicit TLS when `port` is given; without, log-in works on loopback only. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly port?: number }
  readonly serviceAccounts?: readonly ServiceAccount[]
  /** What a user typed as an address, in its canonical form. */
  readonly canonicalAddress: (text: string) => MailAddress | null
  readonly limits?: Partial<ImapLimits>
  readonly metrics?: Metrics
}

export interface ImapServer {
  readonly port: number
  /** Implicit TLS. */
  readonly tlsPort?: number
  /** Connections now. */
  sessions(): number
  /** Says BYE to everybody; resolves when all connections are gone. */
  close(): Promise<void>
}

const failureWindowMs = 600_000
/** How long a client may take over the BYE before its connection is cut. */
const partingMs = 1_000

/** @throws Error when a port cannot be listened on. */
export async function startImapServer(options: ImapServerOptions): Promise<ImapServer> {
  const context = await makeContext(options)
  const sockets = new Set<Socket>()
  const accept = (secure: boolean) => (socket: Socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    if (sockets.size >= context.limits.connectionsMax && !makeRoom(context)) {
      socket.end('* BYE Too many connections\r\n', () => socket.destroy())
      return
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    void serveConnection(context, socket, secure)
  }
  const plain = createServer(accept(false))
  const secure = makeTlsServer(options, accept(true))
  const port = await listen(plain, options.host, options.port)
  const tlsPort = secure && (await listen(secure, options.host, options.tls?.port ?? 0))
  return {
    port,
    ...(tlsPort && { tlsPort }),
    sessions: () => sockets.size,
    close: async () => {
      const stopped = [plain, ...(secure ? [secure] : [])].map(
        (server) => new Promise<void>((resolve) => server.close(() => resolve())),
      )
      for (const sayBye of context.closers) sayBye()
      const cancel = options.clock.after(partingMs, () => {
        for (const socket of sockets) socket.destroy()
      })
      await Promise.all(stopped)
      cancel()
      context.watch.close()
    },
  }
}

/**
 * With every place taken, whoever has been here longest without a log-in makes room: strangers who connect and say
 * nothing must not keep the agent out.
 */
function makeRoom({ connections }: ImapContext): boolean {
  for (const connection of connections) {
    if (!connection.isStranger()) continue
    connections.delete(connection)
    connection.end()
    return true
  }
  return false
}

async function makeContext(options: ImapServerOptions): Promise<ImapContext> {
  const { store, clock, log, tls, canonicalAddress, metrics = noMetrics } = options
  const limits = { ...imapLimits, ...options.limits }
  return {
    store: store.mail,
    describe: makeDescriber(store.mail, log),
    clock,
    log,
    metrics,
    limits,
    literals: makeLiteralBudget(limits.literalsInFlightBytesMax, limits.literalsPerAccountBytesMax),
    serviceAccounts: options.serviceAccounts ?? [],
    secureContext: tls ? createSecureContext({ key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' }) : null,
    watch: await startMailboxWatch({ store: store.mail, onCommit: store.onCommit, log }),
    checkPassword: makePasswordCheck(),
    closers: new Set(),
    connections: new Set(),
    loginFailures: makeFailureCount(failureWindowMs),
    canonicalAddress,
  }
}

function makeTlsServer({ tls }: ImapServerOptions, accept: (socket: Socket) => void): Server | null {
  if (tls?.port === undefined) return null
  const server = createTlsServer({ key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' }, accept)
  // A failed handshake is the client's business; its socket is already gone.
  server.on('tlsClientError', () => {})
  return server
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}
