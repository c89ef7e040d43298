/** What the relay is held against, in a process of its own: `ws` that sends each message back, plain and with TLS. */
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { makeCertificate } from './certificate.ts'
import { sayReady } from './helper.ts'

const certified = makeCertificate('echo.bench.test')
const servers = [createServer(), createTlsServer({ cert: certified.certificate, key: certified.key })]

const ports = await Promise.all(
  servers.map(async (server) => {
    const sockets = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false })
    sockets.on('connection', (socket) => {
      socket.on('message', (data) => socket.send(data, { binary: true }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }),
)
sayReady({ plain: ports[0], tls: ports[1], ca: certified.ca })
