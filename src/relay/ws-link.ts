/** A WebSocket as a link, for either side. */
import { nextTick } from 'node:process'
import type { Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import type { LinkListener, RelayLink } from './link.ts'

/** Bytes below which a line counts as free again. */
const freeBytes = 256 * 1024

/** The WebSocket and what carries it, which an end that dials has once the other has said yes. */
export interface Carried {
  readonly socket: WebSocket
  carrier(): Writable | null
}

/** `listenerFor` gets the link it will hear from; nothing is told before it returns. */
export function linkWebSocket(
  { socket, carrier }: Carried,
  listenerFor: (link: RelayLink) => LinkListener,
): RelayLink {
  const together = writeTogether(carrier)
  let listener: LinkListener | null = null
  let dialError: Error | undefined
  let wasFull = false
  const sent = (): void => {
    if (!wasFull || socket.bufferedAmount > freeBytes) return
    wasFull = false
    listener?.drained()
  }
  const link: RelayLink = {
    send: (message) => {
      if (socket.readyState !== socket.OPEN) return
      together()
      socket.send(message, { binary: true }, sent)
      wasFull ||= socket.bufferedAmount > freeBytes
    },
    bufferedBytes: () => socket.bufferedAmount,
    ping: () => {
      if (socket.readyState === socket.OPEN) socket.ping()
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (code, reason) => {
      socket.resume()
      socket.close(code, reason)
    },
    terminate: () => socket.terminate(),
  }
  socket.on('open', () => listener?.opened())
  socket.on('pong', () => listener?.ponged())
  socket.on('message', (data, isBinary) => {
    if (!isBinary) listener?.text()
    else if (Buffer.isBuffer(data)) listener?.message(new Uint8Array(data))
  })
  // After an error ws closes by itself, with the code that fits it: 1009 for a message too big.
  socket.on('error', (error) => {
    dialError ??= error
  })
  socket.on('close', (code) => listener?.closed(code, dialError))
  listener = listenerFor(link)
  return link
}

/** To be called before each send: what is sent in one turn leaves in one write, and under TLS as one record. */
function writeTogether(carrier: () => Writable | null): () => void {
  let held: Writable | null = null
  const release = (): void => {
    held?.uncork()
    held = null
  }
  return () => {
    if (held) return
    held = carrier()
    if (!held) return
    held.cork()
    nextTick(release)
  }
}
