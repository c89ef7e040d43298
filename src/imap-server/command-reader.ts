/**
 * Takes commands from a connection: lines and literals (RFC 3501 section 4.3, RFC 7888), one at a time and
 * only when asked, so that a client cannot send faster than it is served. Everything is bounded in size and
 * time; what the socket delivers early waits in its own buffer.
 */
import type { Socket } from 'node:net'
import type { Clock } from '#kernel/clock.ts'

export interface RawCommand {
  /** The line as latin1, with `{n}` CR LF standing where a literal was. */
  readonly text: string
  readonly literals: readonly Buffer[]
}

export type ReadResult =
  | { readonly kind: 'command'; readonly command: RawCommand }
  /** `fatal`: the bytes of the literal are on their way, so the stream cannot be followed any more. */
  | { readonly kind: 'too_big' | 'no_room'; readonly text: string; readonly fatal: boolean }
  | { readonly kind: 'closed' }

export interface ReadLimits {
  readonly lineBytesMax: number
  /** Most bytes of literals, decided from the command's text so far. */
  literalBytesMax(text: string): number
  /** Whether there is room for so many bytes now, beside what others are sending; they are taken then. */
  takeRoom(bytes: number): boolean
  readonly waitMs: number
  readonly commandMs: number
  readonly literalBytesPerSecondMin: number
}

const buffered = 64 * 1024

export class CommandReader {
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #beforeWait: () => Promise<void>
  #chunks: Buffer[] = []
  #size = 0
  #ended = false
  #wake: (() => void) | null = null
  #dueMs = 0
  #cancelDeadline: () => void = () => {}

  /** @param beforeWait awaited whenever the client has sent no more: what it is to answer to must be on its way */
  constructor(socket: Socket, clock: Clock, beforeWait: () => Promise<void>) {
    this.#socket = socket
    this.#clock = clock
    this.#beforeWait = beforeWait
    socket.on('data', this.#onData)
    socket.on('close', this.#onEnd)
    socket.on('end', this.#onEnd)
  }

  /** Stops listening and forgets what came in: nothing sent before STARTTLS may count after it. */
  detach(): void {
    this.#onEnd()
    this.#socket.off('data', this.#onData)
    this.#socket.off('close', this.#onEnd)
    this.#socket.off('end', this.#onEnd)
    this.#chunks = []
    this.#size = 0
  }

  /** The next command. `goAhead` is called when the client waits for leave to send a literal. */
  async readCommand(limits: ReadLimits, goAhead: () => void): Promise<ReadResult> {
    const literals: Buffer[] = []
    let text = ''
    let literalBytes = 0
    for (;;) {
      const line = await this.readLine(limits.lineBytesMax - text.length, limits)
      if (line === 'closed') return { kind: 'closed' }
      if (line === 'too_long') return { kind: 'too_big', text, fatal: true }
      text += line
      const literal = /\{(\d{1,10})(\+?)\}\r?\n$/.exec(line)
      if (!literal) return { kind: 'command', command: { text: text.replace(/\r?\n$/, ''), literals } }
      const size = Number(literal[1])
      literalBytes += size
      if (literalBytes > limits.literalBytesMax(text) || literals.length >= 1_000)
        return { kind: 'too_big', text, fatal: literal[2] === '+' }
      if (!limits.takeRoom(size)) return { kind: 'no_room', text, fatal: literal[2] === '+' }
      if (literal[2] === '') goAhead()
      this.#deadline(limits.commandMs + (size / limits.literalBytesPerSecondMin) * 1_000)
      const bytes = await this.#exactly(size)
      if (!bytes) return { kind: 'closed' }
      literals.push(bytes)
    }
  }

  /** One line with its line end, as latin1. */
  async readLine(
    bytesMax: number,
    times: { waitMs: number; commandMs: number },
  ): Promise<string | 'closed' | 'too_long'> {
    const parts: Buffer[] = []
    let size = 0
    this.#deadline(times.waitMs)
    for (;;) {
      const chunk = await this.#nextChunk()
      if (!chunk) return 'closed'
      if (size === 0) this.#deadline(times.commandMs)
      const newline = chunk.indexOf(10)
      const part = newline < 0 ? chunk : chunk.subarray(0, newline + 1)
      size += part.length
      if (size > bytesMax) return 'too_long'
      parts.push(part)
      if (newline < 0) continue
      this.#putBack(chunk.subarray(newline + 1))
      return Buffer.concat(parts).toString('latin1')
    }
  }

  async #exactly(size: number): Promise<Buffer | null> {
    const parts: Buffer[] = []
    for (let missing = size; missing > 0; ) {
      const chunk = await this.#nextChunk()
      if (!chunk) return null
      parts.push(chunk.subarray(0, missing))
      this.#putBack(chunk.subarray(missing))
      missing -= Math.min(missing, chunk.length)
    }
    return Buffer.concat(parts)
  }

  async #nextChunk(): Promise<Buffer | null> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk) {
        this.#size -= chunk.length
        return chunk
      }
      if (this.#ended) return null
      await this.#wait()
    }
  }

  /** Only here the deadline takes a timer: commands that came together need none. */
  async #wait(): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    const restMs = this.#dueMs - this.#clock.monotonicMs()
    this.#cancelDeadline = this.#clock.after(restMs, () => this.#socket.destroy())
    this.#socket.resume()
    await this.#beforeWait()
    await woken
    this.#cancelDeadline()
  }

  #putBack(rest: Buffer): void {
    if (rest.length === 0) return
    this.#chunks.unshift(rest)
    this.#size += rest.length
  }

  #deadline(delayMs: number): void {
    this.#dueMs = this.#clock.monotonicMs() + delayMs
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    if (this.#size >= buffered) this.#socket.pause()
    this.#wake?.()
    this.#wake = null
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    this.#cancelDeadline()
    this.#wake?.()
    this.#wake = null
  }
}
