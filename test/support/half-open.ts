/** A client that never closes its end, to see whether the server gives the connection up all the same. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/**
 * Resolves once the server has closed the connection for good: what is written then is answered by a reset.
 * @param socket made with `allowHalfOpen`; rejects where the server still keeps it after five seconds
 */
export async function untilCutOff(socket: Socket): Promise<void> {
  const cut = new AbortController()
  socket.on('error', () => cut.abort())
  socket.on('close', () => cut.abort())
  socket.resume()
  if (!socket.readableEnded) await once(socket, 'end', { signal: cut.signal }).catch(() => {})
  for (const endMs = Date.now() + 5_000; !cut.signal.aborted; ) {
    if (Date.now() > endMs) throw new Error('the server keeps a connection that it has ended')
    socket.write('x')
    await setTimeout(20)
  }
}
