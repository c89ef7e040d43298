import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import type { LinkListener, RelayLink } from '#relay/link.ts'
import { linkWebSocket } from '#relay/ws-link.ts'

const deaf: LinkListener = {
  opened: () => {},
  message: () => {},
  text: () => {},
  ponged: () => {},
  drained: () => {},
  closed: () => {},
}

/** A link at a server, the socket below it, and what the other end has received. */
async function connect() {
  const http = createServer()
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const linked = Promise.withResolvers<{ link: RelayLink; carrier: Duplex }>()
  http.on('upgrade', (request, carrier, head) =>
    sockets.handleUpgrade(request, carrier, head, (socket) =>
      linked.resolve({ link: linkWebSocket({ socket, carrier: () => carrier }, () => deaf), carrier }),
    ),
  )
  await once(http.listen(0, '127.0.0.1'), 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`)
  const received: number[] = []
  client.on('message', (data) => received.push((data as Buffer)[0] ?? 0))
  const ends = await linked.promise
  const close = (): void => {
    client.terminate()
    http.close()
  }
  return { ...ends, received, close, next: () => once(client, 'message') }
}

test('what is sent in one turn leaves in one write, in order, and each turn for itself', async () => {
  const { link, carrier, received, next, close } = await connect()
  let writes = 0
  const writev = carrier._writev?.bind(carrier)
  carrier._writev = (chunks, done) => {
    writes += 1
    writev?.(chunks, done)
  }
  for (const id of [1, 2, 3]) link.send(Uint8Array.of(id))
  while (received.length < 3) await next()
  assert.deepEqual([writes, received], [1, [1, 2, 3]])
  link.send(Uint8Array.of(4))
  await next()
  assert.deepEqual([writes, received], [2, [1, 2, 3, 4]])
  close()
})

test('what waits for its turn counts as handed over and not yet taken', async () => {
  const { link, next, close } = await connect()
  link.send(new Uint8Array(1_000))
  assert.ok(link.bufferedBytes() > 1_000)
  await next()
  assert.equal(link.bufferedBytes(), 0)
  close()
})
