/**
 * The connection as the LDAP client has it: each answer comes whole, by itself, and held to its grammar and to a size, and
 * the bytes of one page are bounded. The client would read what is broken without end, and dial again by itself, in clear,
 * after a connection is lost.
 */
import { connect as connectTcp, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { Broken, countElements, isAnswer, messageLength, moreFollows } from './ldap-message.ts'

/** Between two questions. */
const pageBytesMax = 64 * 1024 * 1024
const pageElementsMax = 500_000

export interface LdapSockets {
  /** For the client: the first connection, and none after it. */
  dial(port: number, host: string): Socket
  /** For the client: TLS on the connection there is, after StartTLS. */
  secure(): Socket
  /** The client asks for the next page: the counts begin anew. */
  nextPage(): void
  /** Whether the last page said that another follows. */
  unfinished(): boolean
  /** Why the connection was ended here; null where it was not. */
  trouble(): Error | null
  /** Whoever waits for an answer gets this error. */
  destroy(error: Error): void
}

/** @param tls null for a connection that is in clear, or begins so */
export function makeSockets(first: 'tls' | 'clear', tls: ConnectionOptions): LdapSockets {
  let raw: Socket | null = null
  let framed: Framed | null = null
  let trouble: Error | null = null
  let more = false
  let page = { bytes: 0, elements: 0 }
  const count = (bytes: number, elements: number): void => {
    page = { bytes: page.bytes + bytes, elements: page.elements + elements }
    if (page.bytes > pageBytesMax) throw new Broken(`a page of answers is longer than ${pageBytesMax} bytes`)
    if (page.elements > pageElementsMax)
      throw new Broken(`a page of answers holds more than ${pageElementsMax} values`)
  }
  const frame = (socket: Socket, ready: 'connect' | 'secureConnect'): Socket => {
    const made = new Framed(socket, ready, {
      count,
      heard: (message) => {
        more = moreFollows(message) ?? more
      },
      // Not by the event: the client takes all listeners for it away when it is connected.
      failed: (error) => {
        trouble ??= error
      },
    })
    raw = socket
    framed = made
    // The client uses what a stream has, `connecting` and `readyState`.
    return made as unknown as Socket
  }
  return {
    dial: (port, host) => {
      if (raw) throw new Error('the connection was lost')
      return first === 'tls'
        ? frame(connectTls({ ...tls, port, host }), 'secureConnect')
        : frame(connectTcp({ port, host }), 'connect')
    },
    secure: () => {
      if (!raw || !framed) throw new Error('the connection was lost')
      const clear = framed
      if (!clear.release()) throw new Broken('the server goes on in clear after StartTLS')
      const secured = frame(connectTls({ ...tls, socket: raw }), 'secureConnect')
      // The client looks at the first connection alone to see that there is none any more.
      secured.once('close', () => clear.destroy())
      return secured
    },
    nextPage: () => {
      page = { bytes: 0, elements: 0 }
    },
    unfinished: () => more,
    trouble: () => trouble,
    destroy: (error) => void framed?.destroy(error),
  }
}

interface Watch {
  /** @throws Broken where it is too much */
  count(bytes: number, elements: number): void
  heard(message: Uint8Array): void
  failed(error: Error): void
}

class Framed extends Duplex {
  connecting = true
  readonly #raw: Socket
  readonly #watch: Watch
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** Bytes that make the first message whole; its length alone is read until then. */
  #needed = 2

  constructor(raw: Socket, ready: 'connect' | 'secureConnect', watch: Watch) {
    super()
    this.#raw = raw
    this.#watch = watch
    raw.on(ready, () => {
      this.connecting = false
      this.emit(ready)
    })
    raw.on('data', this.#take)
    raw.on('end', this.#end)
    raw.on('error', this.#fail)
    raw.on('close', this.#close)
  }

  get readyState(): string {
    return this.connecting ? 'opening' : 'open'
  }

  /** Lets go of the connection, so that TLS can begin on it; false where more was said in clear than was read. */
  release(): boolean {
    this.#raw.off('data', this.#take).off('end', this.#end).off('error', this.#fail).off('close', this.#close)
    return this.#waitingBytes === 0
  }

  readonly #end = (): void => void this.push(null)
  readonly #fail = (error: Error): void => void this.destroy(error)
  readonly #close = (): void => void this.destroy()

  readonly #take = (chunk: Buffer): void => {
    try {
      this.#watch.count(chunk.length, 0)
      this.#waiting.push(chunk)
      this.#waitingBytes += chunk.length
      if (this.#waitingBytes >= this.#needed) this.#cut()
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** @throws Broken where what came is no answer */
  #cut(): void {
    let rest = Buffer.concat(this.#waiting)
    for (let length = messageLength(rest); length !== null; length = messageLength(rest)) {
      if (rest.length < length) {
        this.#needed = length
        break
      }
      const message = rest.subarray(0, length)
      this.#watch.count(0, countElements(message))
      if (!isAnswer(message)) throw new Broken('an answer is none that LDAP allows')
      this.#watch.heard(message)
      this.push(message)
      rest = rest.subarray(length)
      this.#needed = 2
    }
    this.#waiting = rest.length === 0 ? [] : [rest]
    this.#waitingBytes = rest.length
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#raw.write(chunk, done)
  }

  override _final(done: () => void): void {
    this.#raw.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (error) this.#watch.failed(error)
    this.#raw.destroy()
    done(error)
  }
}
