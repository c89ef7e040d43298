/** The administrator's HTTP listener. */
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'

export interface HttpListener {
  readonly port: number
  close(): Promise<void>
}

const connectionsMax = 64
const requestMsMax = 10_000

/** @param port 0: any free one. @throws Error when the port cannot be listened on */
export async function listenHttp(app: Hono, host: string, port: number): Promise<HttpListener> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { requestTimeout: requestMsMax, headersTimeout: requestMsMax },
  })
  server.maxConnections = connectionsMax
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}
