import type { Socket } from 'node:net'

/** What is gathered before it must go out, whatever else is still to come. */
const flushChars = 64 * 1024

/** The client has gone while it was being answered: nobody is left to go on for. */
export class ClientGone extends Error {
  override name = 'ClientGone'
}

/** The way to the client: responses are gathered as latin1 text and leave in one write. */
export class Output {
  #socket: Socket
  #text: string[] = []
  #chars = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** After STARTTLS. */
  useSocket(socket: Socket): void {
    this.#socket = socket
  }

  /** Appends text as it stands. */
  text(text: string): void {
    this.#text.push(text)
    this.#chars += text.length
  }

  line(text: string): void {
    this.text(`${text}\r\n`)
  }

  /** Sends when much has been gathered; resolves once the client has taken enough of it. @throws ClientGone */
  async room(): Promise<void> {
    if (this.#chars >= flushChars) await this.flush()
    this.demandClient()
  }

  /** @throws ClientGone */
  demandClient(): void {
    if (this.#socket.destroyed) throw new ClientGone()
  }

  /** Sends everything and waits while the client does not read. */
  async flush(): Promise<void> {
    this.#send()
    const socket = this.#socket
    if (!socket.writableNeedDrain || socket.destroyed) return
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off('drain', done)
        socket.off('close', done)
        resolve()
      }
      socket.on('drain', done)
      socket.on('close', done)
    })
  }

  end(): void {
    this.#send()
    if (!this.#socket.destroyed) this.#socket.end()
  }

  #send(): void {
    if (this.#text.length === 0) return
    const text = this.#text.join('')
    this.#text = []
    this.#chars = 0
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(text, 'latin1')
  }
}
