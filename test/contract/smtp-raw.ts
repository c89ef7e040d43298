// An SMTP client written by hand: tests decide every byte and see every reply.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export class RawSmtp {
  readonly socket: Socket
  #text = ''
  #closed = false
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#text += text
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  /** Connects and reads the greeting. */
  static async connect(port: number): Promise<RawSmtp> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new RawSmtp(socket)
    await client.reply()
    return client
  }

  write(text: string): void {
    this.socket.write(Buffer.from(text, 'latin1'))
  }

  /** Sends one line and reads its reply. */
  async say(line: string): Promise<string> {
    this.write(`${line}\r\n`)
    return await this.reply()
  }

  /** EHLO, MAIL and RCPT for one recipient, and DATA: the text comes next. */
  async upToData(recipient: string): Promise<void> {
    for (const line of ['EHLO client.test', 'MAIL FROM:<sender@client.test>', `RCPT TO:<${recipient}>`])
      if (!(await this.say(line)).startsWith('250')) throw new Error(line)
    if (!(await this.say('DATA')).startsWith('354')) throw new Error('DATA')
  }

  /** A whole reply, its lines joined; an empty text when the connection has ended. */
  async reply(): Promise<string> {
    for (;;) {
      const match = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/.exec(this.#text)
      if (match) {
        this.#text = this.#text.slice(match[0].length)
        return match[0].trimEnd()
      }
      if (this.#closed) return ''
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Everything until the connection ends. */
  async rest(): Promise<string> {
    let all = ''
    for (let reply = await this.reply(); reply !== ''; reply = await this.reply()) all += `${reply}\n`
    return all
  }

  close(): void {
    this.socket.destroy()
  }
}
