/** A WebSocket as a link, for either side. */
import type { WebSocket } from 'ws'
import type { LinkListener, RelayLink } from './link.ts'

/** Bytes below which a line counts as free again. */
const freeBytes = 256 * 1024

/** `listenerFor` gets the link it will hear from; nothing is told before it returns. */
export function linkWebSocket(socket: WebSocket, listenerFor: (link: RelayLink) => LinkListener): RelayLink {
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
