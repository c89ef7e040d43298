/** The relay's network side: WebSocket over TLS, plain only on loopback. */

import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { assert } from '#kernel/assert.ts'
import { limits } from '#kernel/limits.ts'
import { isLoopback } from '#kernel/loopback.ts'
import type { SmtpRoutes } from '#smtp-client/smtp-client.ts'
import type { RelayEnv } from './hub.ts'
import { type RelayRole, rolePath, subprotocol } from './link.ts'
import { makeMailer } from './mailer.ts'
import { type Relay, startRelay } from './relay.ts'
import { linkWebSocket } from './ws-link.ts'

export interface RelayServerOptions extends RelayEnv {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** PEM. Without it the relay listens on loopback only. */
  readonly tls?: {
    readonly certificate: string
    readonly key: string
  }
  readonly mail: SmtpRoutes
}

export interface RelayServer {
  readonly port: number
  readonly postOffice: Relay['postOffice']
  readonly sessions: Relay['sessions']
  /** Sends everybody away with 1012 (restart) or 1001 (going away); resolves when nothing is left to be stored. */
  close(code?: number): Promise<void>
}

/** Many come back at once after a restart. */
const backlog = 4_096
const headerTimeoutMs = 15_000

/** Listens when the promise resolves. */
export async function startRelayServer(options: RelayServerOptions): Promise<RelayServer> {
  const { host, port, tls, mail, ...env } = options
  assert(tls || isLoopback(host), 'a relay without TLS stays on loopback')
  const mailer = makeMailer(mail)
  const relay = startRelay(env, mailer)
  const http = makeHttpServer(tls)
  http.on('upgrade', makeUpgrade(relay))
  const close = async (code?: number): Promise<void> => {
    const closed = new Promise((resolve) => http.close(resolve))
    await relay.close(code)
    http.closeAllConnections()
    await closed
    mailer.close()
  }
  try {
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject)
      http.listen({ host, port, backlog }, resolve)
    })
  } catch (error) {
    // The relay has begun its housekeeping, which would go on for ever.
    await close()
    throw error
  }
  return { port: portOf(http), postOffice: relay.postOffice, sessions: relay.sessions, close }
}

function makeHttpServer(tls: RelayServerOptions['tls']): Server {
  const server = tls
    ? createTlsServer({
        cert: tls.certificate,
        key: tls.key,
        minVersion: 'TLSv1.2',
      })
    : createServer()
  server.headersTimeout = headerTimeoutMs
  server.on('request', (_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket' })
    response.end('This is a relay: it speaks WebSocket.\n')
  })
  return server
}

function portOf(server: Server): number {
  const address = server.address()
  assert(address !== null && typeof address === 'object', 'a listening server has a port')
  return address.port
}

function makeUpgrade(relay: Relay): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: limits.frameBytesMax,
    clientTracking: false,
    handleProtocols: (protocols) => (protocols.has(subprotocol) ? subprotocol : false),
  })
  return (request, socket, head) => {
    const role = roleOf(request.url)
    if (!role) return void refuse(socket, '404 Not Found')
    if (!offersSubprotocol(request)) return void refuse(socket, '400 Bad Request')
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      linkWebSocket({ socket: webSocket, carrier: () => socket }, (link) =>
        relay.accept(role, request.socket.remoteAddress, link),
      )
    })
  }
}

const roleOf = (url: string | undefined): RelayRole | null =>
  url === rolePath('device') ? 'device' : url === rolePath('server') ? 'server' : null

const offersSubprotocol = ({ headers }: IncomingMessage): boolean =>
  (headers['sec-websocket-protocol'] ?? '').split(',').some((name) => name.trim() === subprotocol)

function refuse(socket: Duplex, status: string): void {
  socket.on('error', () => {})
  const answer = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
  // No time limit of HTTP holds for it any more, so it must not wait for the other side to close.
  socket.end(answer, () => socket.destroy())
}
