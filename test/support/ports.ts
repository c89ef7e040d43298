// Ports for servers that cannot listen on port 0, and what a server says first when one connects.

import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'

export const loopback = '127.0.0.1'

/** Somebody else took the port between our choice and the server's start. */
export class PortTaken extends Error {
  override name = 'PortTaken'
}

/** Calls `attempt` with free ports, and again with others when it throws PortTaken. */
export async function withFreePorts<T>(
  count: number,
  attempt: (ports: readonly number[]) => Promise<T>,
): Promise<T> {
  for (let left = 5; ; left -= 1) {
    try {
      return await attempt(await freePorts(count))
    } catch (error) {
      if (!(error instanceof PortTaken) || left <= 1) throw error
    }
  }
}

/** Below the ports that the system gives out by itself (Linux: 32768): after a crash nobody else has taken them. */
const lowest = 10_240
const highest = 32_767

/** Different TCP ports of 127.0.0.1 that nobody listens on now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = randomInt(lowest, highest + 1)
    if (!(await isTaken(port))) ports.add(port)
  }
  return [...ports]
}

/** Whether somebody listens on a port of 127.0.0.1. */
export function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(true))
    server.listen(port, loopback, () => server.close(() => resolve(false)))
  })
}

/**
 * The first line a server sends on a port. Connects again every 10 ms while nobody listens: a foreign server gives
 * no event for that. `alive` turning false ends the waiting.
 */
export async function greeting(port: number, alive: () => boolean, timeoutMs = 10_000): Promise<string> {
  const end = Date.now() + timeoutMs
  while (alive() && Date.now() < end) {
    const line = await firstLine(port, { timeoutMs: Math.max(1, end - Date.now()) })
    if (line !== undefined) return line
    await after(10)
  }
  throw new Error(`nobody greets on port ${port}`)
}

/** Resolves when a server greets with its own instance's name. @throws PortTaken where another one does */
export async function greetedBy(
  server: { readonly exited: Promise<unknown> },
  port: number,
  instance: string,
): Promise<void> {
  let alive = true
  void server.exited.then(() => {
    alive = false
  })
  const said = await greeting(port, () => alive)
  if (!said.includes(instance)) throw new PortTaken(`another server answers: ${said}`)
}

/** The first line of a connection, after `say` was sent if given; undefined when refused, closed or timed out. */
export function firstLine(
  port: number,
  options: { readonly say?: string; readonly timeoutMs?: number } = {},
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, loopback)
    const finish = (line: string | undefined): void => {
      socket.destroy()
      resolve(line)
    }
    socket.setEncoding('latin1').setTimeout(options.timeoutMs ?? 10_000, () => finish(undefined))
    if (options.say !== undefined) socket.write(options.say)
    socket.on('error', () => finish(undefined))
    socket.on('close', () => finish(undefined))
    socket.on('data', (chunk) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end >= 0) finish(text.slice(0, end).trimEnd())
    })
  })
}
