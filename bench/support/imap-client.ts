/** As much of an IMAP client as asks many times over: commands in flight, answers counted by their tags. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const ending = Buffer.from(' OK')
/** A tagged answer may list all capabilities. */
const lastLineMax = 2_048

export class ImapClient {
  readonly #socket: Socket
  #pieces: Buffer[] = []
  #last = Buffer.alloc(0)
  #tag = 0
  #wake: (() => void) | null = null

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (piece: Buffer) => {
      this.#pieces.push(piece)
      this.#last = Buffer.concat([this.#last, piece]).subarray(-lastLineMax)
      this.#wake?.()
    })
    socket.on('error', () => {})
  }

  static async connect(port: number): Promise<ImapClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new ImapClient(socket)
    await client.#until('* OK')
    return client
  }

  /** Sends the command so often at once and waits for the last one's OK; the bytes that came. */
  ask(command: string, times = 1): Promise<Buffer> {
    return this.askAll(Array.from({ length: times }, () => command))
  }

  /** Sends all of them at once and waits for the last one's OK. */
  async askAll(commands: readonly string[]): Promise<Buffer> {
    this.#pieces = []
    const lines = commands.map((command) => {
      this.#tag += 1
      return `T${this.#tag} ${command}\r\n`
    })
    this.#socket.write(lines.join(''), 'latin1')
    await this.#until(`T${this.#tag}`)
    return Buffer.concat(this.#pieces)
  }

  close(): void {
    this.#socket.destroy()
  }

  /** The tagged answer is the last line, and the last line is short. */
  async #until(tag: string): Promise<void> {
    for (;;) {
      const start = this.#last.subarray(0, -2).lastIndexOf(10) + 1
      const line = this.#last.subarray(start).toString('latin1')
      if (line.startsWith(tag) && line.endsWith('\r\n')) {
        if (tag !== '* OK' && this.#last.indexOf(ending, start) < 0) throw new Error(line)
        this.#last = Buffer.alloc(0)
        return
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
