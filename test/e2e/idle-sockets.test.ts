// Thousands of connections that never log in: an honest activation completes beside them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { assertActivates } from '../support/e2e-handheld.ts'
import { type Postkey, relayTrust, startPostkey } from '../support/postkey.ts'
import { peakMemory } from '../support/server-memory.ts'

/** Strangers come from other addresses of the loopback network than the handheld. */
const stranger = (index: number): string => `127.9.${index % 50}.${1 + (index % 7)}`

interface Crowd {
  readonly name: string
  readonly count: number
  port(ports: Postkey['ports']): number
  /** Each is inside TLS before it begins. */
  readonly tls?: true
  /** What each of them does once it is connected. */
  begin(socket: Socket, index: number): void
  /** What each of them is told before it falls silent. */
  readonly answered?: RegExp
}

const upgrade = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mdap1\r\n\r\n'

const crowds: readonly Crowd[] = [
  { name: 'silent at the relay', count: 1_500, port: ({ relay }) => relay, begin: () => {} },
  {
    name: 'at the relay with half a TLS handshake',
    count: 300,
    port: ({ relay }) => relay,
    begin: (socket) => socket.write(Buffer.from('160301020001', 'hex')),
  },
  {
    name: 'at the relay with plain text where TLS begins',
    count: 300,
    port: ({ relay }) => relay,
    begin: (socket) => socket.write(upgrade('/mdap1/device')),
  },
  {
    name: 'at the relay with a WebSocket that never logs in',
    count: 900,
    port: ({ relay }) => relay,
    tls: true,
    begin: (socket, index) => socket.write(upgrade(index % 3 ? '/mdap1/device' : '/mdap1/server')),
    answered: /^HTTP\/1\.1 101 /,
  },
  { name: 'silent at IMAP', count: 1_500, port: ({ imap }) => imap, begin: () => {} },
  {
    name: 'at IMAP with a literal that never comes',
    count: 300,
    port: ({ imap }) => imap,
    begin: (socket) => socket.write('a LOGIN {8000}\r\n'),
  },
  { name: 'silent at SMTP', count: 1_000, port: ({ smtp }) => smtp, begin: () => {} },
  {
    name: 'at SMTP with half a command',
    count: 300,
    port: ({ smtp }) => smtp,
    begin: (socket, index) => socket.write(index % 2 ? 'EHLO ' : 'EHLO a\r\nMAIL FROM:<a@b.test>\r\nRC'),
  },
]

const relayCa = (postkey: Postkey): string =>
  relayTrust(postkey).ca ?? assert.fail('the relay has a CA of its own')

async function gather(t: TestContext, postkey: Postkey, crowd: Crowd): Promise<Socket[]> {
  const sockets = Array.from({ length: crowd.count }, (_, index) => {
    const port = crowd.port(postkey.ports)
    const plain = connect({ port, host: '127.0.0.1', localAddress: stranger(index) })
    const socket = crowd.tls
      ? connectTls({ socket: plain, ca: relayCa(postkey), servername: 'localhost' })
      : plain
    socket.on('error', () => {})
    socket.on(crowd.tls ? 'secureConnect' : 'connect', () => crowd.begin(socket, index))
    return socket
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  await Promise.all(sockets.map((socket) => settled(socket, crowd)))
  return sockets
}

/** It is connected and was told what it is to be told, or was turned away. */
async function settled(socket: Socket, { answered }: Crowd): Promise<void> {
  const closed = once(socket, 'close')
  if (!answered) {
    await Promise.race([once(socket, 'connect').catch(() => {}), closed])
    return
  }
  const [told] = await Promise.race([once(socket, 'data'), closed])
  assert.match(String(told), answered)
}

test('thousands of connections that never log in keep nobody from activating', {
  timeout: 170_000,
}, async (t) => {
  const postkey = await startPostkey(t)
  const passwords = await Promise.all(
    ['a', 'b', 'c'].map(async (name) => {
      const address = `${name}@example.test`
      return { address, password: await postkey.addUser(address) }
    }),
  )
  const before = peakMemory(postkey.process.pid)
  const sockets: Socket[] = []
  for (const crowd of crowds) {
    const gathered = await gather(t, postkey, crowd)
    sockets.push(...gathered)
    t.diagnostic(`${crowd.count} ${crowd.name}`)
  }
  for (const { address, password } of passwords) await assertActivates(postkey, address, password)
  const open = sockets.filter((socket) => !socket.destroyed && socket.readyState === 'open').length
  const peak = peakMemory(postkey.process.pid)
  const mib = (bytes: number): number => Math.round(bytes / 1_024 / 1_024)
  t.diagnostic(
    `${open} of ${sockets.length} still open; peak memory ${mib(before)} MiB before, ${mib(peak)} after`,
  )
  assert(sockets.length > 6_000)
  assert(
    peak < before + sockets.length * 64 * 1_024,
    `${mib(peak)} MiB: more than 64 KiB for each connection`,
  )
})
