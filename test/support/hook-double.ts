/** What a push hook may find in Postkey's place: one that listens, hangs, or is away. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { Scope } from './store.ts'

export interface Heard {
  readonly atMs: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface HookDouble {
  readonly url: string
  readonly heard: Heard[]
  /** Answers so from now on; null: never. */
  answer(status: number | null): void
  /** Nobody listens any more. */
  close(): void
}

export async function startHookDouble(t: Scope): Promise<HookDouble> {
  const heard: Heard[] = []
  let status: number | null = 204
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    heard.push({
      atMs: performance.now(),
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    })
    if (status !== null) response.writeHead(status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  t.after(close)
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/hooks/mail`,
    heard,
    answer: (next) => {
      status = next
    },
    close,
  }
}
