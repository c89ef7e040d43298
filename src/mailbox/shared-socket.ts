/**
 * The socket under an IMAP connection that two readers share: imapflow connects, negotiates TLS and logs in; our own
 * pipelined commands borrow the line between its commands. Uses imapflow's `transport` option alone.
 */
import { connect as connectPlain, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { ImapFlowOptions } from 'imapflow'
import { assert } from '#kernel/assert.ts'

export type Transport = NonNullable<ImapFlowOptions['transport']>
type Destination = Parameters<Transport['connect']>[0]

export interface Borrowed {
  write(text: string): void
  /** The line is imapflow's again. */
  giveBack(): void
}

export interface Borrower {
  data(chunk: Buffer): void
  /** The line has ended; called once. */
  ended(error: Error | null): void
}

/** A Duplex over a TCP or TLS socket whose input can be led elsewhere for a while. */
export class SharedSocket extends Duplex {
  readonly #inner: Socket
  #borrower: Borrower | null = null
  readonly #onData = (chunk: Buffer) => {
    if (this.#borrower) this.#borrower.data(chunk)
    else if (!this.push(chunk)) this.#inner.pause()
  }
  readonly #onEnd = () => {
    this.#lost(null)
    this.push(null)
  }
  readonly #onError = (error: Error) => this.destroy(error)
  readonly #onClose = () => this.destroy()
  readonly #onTimeout = () => void this.emit('timeout')

  constructor(inner: Socket) {
    super({ allowHalfOpen: false })
    this.#inner = inner
    inner.setNoDelay(true)
    inner.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError)
    inner.on('close', this.#onClose).on('timeout', this.#onTimeout)
  }

  /** Until it is given back all input is the borrower's. Only between two commands of imapflow. */
  borrow(borrower: Borrower): Borrowed {
    assert(this.#borrower === null, 'one reader borrows the line at a time')
    this.#borrower = borrower
    if (this.destroyed) this.#lost(this.errored)
    this.#inner.resume()
    return {
      write: (text) => void this.#inner.write(text, 'latin1'),
      giveBack: () => {
        if (this.#borrower === borrower) this.#borrower = null
      },
    }
  }

  /** The socket below, free of this one: TLS is begun on it. */
  detach(): Socket {
    const inner = this.#inner
    inner.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError)
    inner.off('close', this.#onClose).off('timeout', this.#onTimeout)
    inner.setTimeout(0)
    return inner
  }

  setTimeout(ms: number): this {
    this.#inner.setTimeout(ms)
    return this
  }

  setKeepAlive(enable?: boolean, initialDelayMs?: number): this {
    this.#inner.setKeepAlive(enable, initialDelayMs)
    return this
  }

  override _read(): void {
    this.#inner.resume()
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#inner.write(chunk, encoding, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#inner.end(() => done())
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#inner.destroy()
    this.#lost(error)
    done(error)
  }

  #lost(error: Error | null): void {
    const borrower = this.#borrower
    this.#borrower = null
    borrower?.ended(error)
  }
}

/** `socket()` is the one that carries the session now. */
export function sharedTransport(): { readonly transport: Transport; socket(): SharedSocket } {
  let current: SharedSocket | null = null
  const share = (inner: Socket): SharedSocket => {
    current = new SharedSocket(inner)
    return current
  }
  return {
    transport: {
      connect: (to, onConnect) =>
        share(
          to.secure
            ? connectTls(tlsOptions(to), onConnect)
            : connectPlain({ host: to.host, port: to.port }, onConnect),
        ),
      upgrade: (socket, to, onSecure) => {
        assert(socket instanceof SharedSocket, 'the socket is the one that was connected')
        return share(startTls(socket.detach(), to, onSecure))
      },
    },
    socket: () => {
      assert(current, 'the connection was opened')
      return current
    },
  }
}

/** `host` also names whom the certificate must be for, where there is no server name (an IP address). */
const tlsOptions = ({ host, port, servername, tls }: Destination): ConnectionOptions => ({
  host,
  port,
  ...(servername !== undefined && { servername }),
  ...tls,
})

const startTls = (socket: Socket, to: Omit<Destination, 'secure'>, onSecure: () => void): TLSSocket =>
  connectTls({ ...tlsOptions({ ...to, secure: true }), socket }, onSecure)
