// An IMAP client that shows a test the server's own bytes, literals included.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface Answer {
  /** OK, NO or BAD. */
  readonly status: string
  /** The tagged line after its tag. */
  readonly text: string
  /** Untagged responses as latin1, a literal's bytes standing where it was. */
  readonly untagged: readonly string[]
}

const waitMs = 10_000

export class RawImap {
  readonly socket: Socket
  #buffer = ''
  #closed = false
  #wake: () => void = () => {}
  #tags = 0

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#buffer += text
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  /** Connects and reads the greeting; with a CA over TLS from the first byte, verified. */
  static async connect(port: number, ca?: string): Promise<RawImap> {
    const to = { host: '127.0.0.1', port }
    const socket = ca === undefined ? connect(to) : connectTls({ ...to, ca })
    await once(socket, ca === undefined ? 'connect' : 'secureConnect')
    const client = new RawImap(socket)
    await client.response()
    return client
  }

  write(text: string | Uint8Array): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
  }

  /** Sends a command whose literals are given as bytes between its texts, and reads to its tagged answer. */
  async command(...parts: readonly (string | Uint8Array)[]): Promise<Answer> {
    const tag = this.send(...parts)
    return await this.answer(tag)
  }

  /** As `command`, without waiting; returns the tag. Literals go without asking (LITERAL+). */
  send(...parts: readonly (string | Uint8Array)[]): string {
    this.#tags += 1
    const tag = `T${this.#tags}`
    this.write(`${tag} `)
    for (const part of parts) {
      if (typeof part !== 'string') this.write(`{${part.length}+}\r\n`)
      this.write(part)
    }
    this.write('\r\n')
    return tag
  }

  async answer(tag: string): Promise<Answer> {
    const untagged: string[] = []
    for (;;) {
      const response = await this.response()
      if (response === null) throw new Error(`closed before ${tag}: ${untagged.join(' | ')}`)
      if (!response.startsWith(`${tag} `)) untagged.push(response)
      else {
        const text = response.slice(tag.length + 1)
        return { status: text.split(' ')[0] ?? '', text, untagged }
      }
    }
  }

  /** One response without its CR LF; null when the connection has ended. */
  async response(): Promise<string | null> {
    let end = 0
    for (;;) {
      const newline = this.#buffer.indexOf('\r\n', end)
      const literal = newline < 0 ? null : /\{(\d+)\}$/.exec(this.#buffer.slice(end, newline))
      if (newline >= 0 && !literal) {
        const response = this.#buffer.slice(0, newline)
        this.#buffer = this.#buffer.slice(newline + 2)
        return response
      }
      const next = literal ? newline + 2 + Number(literal[1]) : 0
      if (literal && this.#buffer.length >= next) end = next
      else if (!(await this.#more())) return null
    }
  }

  async login(user: { readonly name: string; readonly password: string }): Promise<this> {
    const answer = await this.command(`LOGIN ${quoted(user.name)} ${quoted(user.password)}`)
    if (answer.status !== 'OK') throw new Error(answer.text)
    return this
  }

  /** As `command`, and fails unless the answer is OK. */
  async ok(...parts: readonly (string | Uint8Array)[]): Promise<Answer> {
    const answer = await this.command(...parts)
    if (answer.status !== 'OK') throw new Error(`${parts[0]}: ${answer.text}`)
    return answer
  }

  close(): void {
    this.socket.destroy()
  }

  async #more(): Promise<boolean> {
    if (this.#closed) return false
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve
      timer = setTimeout(() => reject(new Error(`silent; unread: ${this.#buffer.slice(0, 500)}`)), waitMs)
    }).finally(() => clearTimeout(timer))
    return !this.#closed || this.#buffer !== ''
  }
}

export const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** The bytes of the first literal in a response, as latin1. */
export function literalOf(response: string): string {
  const match = /\{(\d+)\}\r\n/.exec(response)
  if (!match) throw new Error(`no literal in ${response.slice(0, 200)}`)
  const start = match.index + match[0].length
  return response.slice(start, start + Number(match[1]))
}

/** The content of a FETCH item that a server may send as a literal, quoted, or NIL (as an empty text). */
export function sectionOf(response: string, item: string): string {
  const at = response.indexOf(`${item} `)
  if (at < 0) throw new Error(`no ${item} in ${response.slice(0, 300)}`)
  const rest = response.slice(at + item.length + 1)
  if (rest.startsWith('{')) return literalOf(rest)
  if (rest.startsWith('NIL')) return ''
  return (/^"((?:[^"\\]|\\.)*)"/.exec(rest)?.[1] ?? '').replace(/\\(.)/g, '$1')
}
