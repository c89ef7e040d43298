/** Connects to a relay by WebSocket over TLS; its certificate must be the relay's own, whatever address is dialled. */
import type { Writable } from 'node:stream'
import { WebSocket } from 'ws'
import { assert } from '#kernel/assert.ts'
import type { RelayId } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
import { isLoopback } from '#kernel/loopback.ts'
import { type DialRelay, type RelayRole, rolePath, subprotocol } from './link.ts'
import { linkWebSocket } from './ws-link.ts'

export interface WebSocketTarget {
  readonly url: string
  readonly relayId: RelayId
  readonly ca?: string | undefined
  readonly role: RelayRole
}

export function webSocketDial({ url, relayId, ca, role }: WebSocketTarget): DialRelay {
  const target = new URL(rolePath(role), url)
  const plain = target.protocol === 'ws:'
  assert(plain || target.protocol === 'wss:', 'a relay is reached by wss://')
  assert(!plain || isLoopback(target.hostname), 'plain WebSocket stays on loopback')
  const tls = plain ? {} : { servername: relayId, minVersion: 'TLSv1.2' as const }
  return (listener) => {
    const socket = new WebSocket(target, [subprotocol], {
      ...tls,
      ...(ca === undefined ? {} : { ca }),
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: limits.frameBytesMax,
      handshakeTimeout: limits.loginSecondsMax * 1000,
    })
    let carrier: Writable | null = null
    socket.once('upgrade', (response) => {
      carrier = response.socket
    })
    return linkWebSocket({ socket, carrier: () => carrier }, () => listener)
  }
}
