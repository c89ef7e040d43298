/** Commands out and replies in on one connection to an LMTP server: in order, each in its time, and nothing unasked. */
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { tlsFault } from '#kernel/tls-fault.ts'
import { makeLmtpExchange } from './lmtp-exchange.ts'
import type { LmtpReply } from './lmtp-reply.ts'

export type LmtpPlace =
  | { readonly host: string; readonly port: number }
  /** Path of a Unix socket. */
  | { readonly socket: string }

export interface LmtpTls {
  /** CA certificates, PEM; without it the system's. */
  readonly ca?: string
  /** The name that must be in the certificate. */
  readonly serverName: string
}

export interface LmtpSocket {
  usable(): boolean
  /** How many replies have come so far. */
  heard(): number
  /**
   * Sends (text is latin1) and waits for so many replies. @throws Fault delivery.unreachable, delivery.protocol; it is
   * closed then
   */
  ask(bytes: string | readonly Uint8Array[], replies: number, limitMs: number): Promise<LmtpReply[]>
  /** From here on TLS, verified. @throws Fault tls.*, delivery.unreachable */
  secure(tls: LmtpTls, limitMs: number): Promise<void>
  close(): void
}

/** Connected, by TLS from the first byte where `tls` is given. @throws Fault tls.*, delivery.unreachable */
export async function dialLmtp(
  place: LmtpPlace,
  tls: LmtpTls | null,
  clock: Clock,
  limitMs: number,
): Promise<LmtpSocket> {
  const address = 'socket' in place ? { path: place.socket } : place
  const socket = tls ? connectTls({ ...address, ...tlsOptions(tls) }) : connectTcp(address)
  await connected(socket, tls ? 'secureConnect' : 'connect', clock, limitMs)
  return overSocket(socket, clock)
}

function overSocket(first: Socket, clock: Clock): LmtpSocket {
  const exchange = makeLmtpExchange()
  let socket = first
  let lost: Fault | null = null

  const lose = (fault: Fault): void => {
    lost ??= fault
    socket.destroy()
    exchange.fail(lost)
  }
  const listen = (): void => {
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      const fault = exchange.take(chunk)
      if (fault) lose(fault)
    })
    socket.on('error', (error) => lose(networkFault(error)))
    socket.on('close', () => lose(new Fault('delivery.unreachable', 'the connection was closed')))
  }
  listen()

  return {
    usable: () => lost === null && !socket.destroyed,
    heard: exchange.heard,
    ask: async (bytes, count, limitMs) => {
      if (lost) throw lost
      const cancel = clock.after(limitMs, () =>
        lose(new Fault('delivery.unreachable', `no answer for ${limitMs / 1000} s`)),
      )
      socket.cork()
      for (const part of typeof bytes === 'string' ? [Buffer.from(bytes, 'latin1')] : bytes)
        socket.write(part)
      socket.uncork()
      try {
        return await exchange.expect(count)
      } finally {
        cancel()
      }
    },
    secure: async (tls, limitMs) => {
      if (lost) throw lost
      socket.removeAllListeners()
      socket.on('error', () => {})
      const secured = connectTls({ socket, ...tlsOptions(tls) })
      await connected(secured, 'secureConnect', clock, limitMs)
      exchange.beginAnew()
      socket = secured
      listen()
    },
    close: () => lose(new Fault('delivery.unreachable', 'the connection was given up')),
  }
}

/** Resolves with the event; whatever comes instead is a fault. */
function connected(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  clock: Clock,
  limitMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (fault: Fault | null): void => {
      cancel()
      socket.removeAllListeners(event)
      socket.removeAllListeners('error')
      socket.removeAllListeners('close')
      // An error that comes later ends in the listeners of whoever reads, or nowhere.
      socket.on('error', () => {})
      if (fault) {
        socket.destroy()
        reject(fault)
      } else resolve()
    }
    const cancel = clock.after(limitMs, () =>
      settle(new Fault('delivery.unreachable', `no connection for ${limitMs / 1000} s`)),
    )
    socket.once(event, () => settle(null))
    socket.once('error', (error) => settle(networkFault(error)))
    socket.once('close', () => settle(new Fault('delivery.unreachable', 'the connection was closed')))
  })
}

const networkFault = (error: Error): Fault =>
  tlsFault(error) ?? new Fault('delivery.unreachable', error.message, error)

const isAddress = (name: string): boolean => /^[\d.]+$|:/.test(name)

const tlsOptions = ({ ca, serverName }: LmtpTls) => ({
  servername: isAddress(serverName) ? '' : serverName,
  ...(isAddress(serverName) ? { host: serverName } : {}),
  minVersion: 'TLSv1.2' as const,
  ...(ca === undefined ? {} : { ca }),
})
