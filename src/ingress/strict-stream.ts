/**
 * smtp-server's parser with the strictness it lacks: commands and text end their lines with CR LF alone, and
 * the text is read by `data-phase.ts`. What is after a violation is never looked at.
 */
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'
import { type DataStep, makeDataPhase } from './data-phase.ts'

export type Violation = 'bare_line_end' | 'line_too_long' | 'message_too_big'

export interface StreamEvents {
  onCommand(): void
  onDataStart(): void
  onDataBytes(count: number): void
  onDataEnd(): void
  onViolation(violation: Violation): void
}

type Next = (error?: Error | null) => void

/** Pipelined commands answered before other connections get their turn. */
const commandsPerTurn = 100

export class StrictStream extends SMTPStream {
  readonly #events: StreamEvents
  readonly #lineBytesMax: number
  #partial: Buffer = Buffer.alloc(0)
  #readData: ((chunk: Buffer) => DataStep) | null = null

  constructor(events: StreamEvents, lineBytesMax: number) {
    super()
    this.#events = events
    this.#lineBytesMax = lineBytesMax
  }

  override startDataMode(maxBytes?: number | string | null) {
    this.#readData = makeDataPhase()
    this.#events.onDataStart()
    return super.startDataMode(maxBytes)
  }

  /**
   * Goes on behind a message that was answered. The base class forgets the next message's turn where that one is
   * pipelined behind this one and read to its end at once: the connection would then stand still.
   */
  override continue(): void {
    const resume = this._continueCallback
    this._continueCallback = typeof resume !== 'function'
    if (typeof resume === 'function') resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding | 'buffer', next: Next): void {
    if (this.isClosed) next()
    else if (this._dataMode) this.#feedData(chunk, next)
    else this.#feedCommands(chunk, next)
  }

  #violated(violation: Violation, next: Next): void {
    this.isClosed = true
    this.#events.onViolation(violation)
    next()
  }

  #feedCommands(chunk: Buffer, next: Next): void {
    let rest = chunk
    let turn = 0
    const step = (): void => {
      while (!this.isClosed && !this._dataMode) {
        const newline = rest.indexOf(10)
        const line = this.#joined(rest, newline)
        rest = newline < 0 ? Buffer.alloc(0) : rest.subarray(newline + 1)
        const violation = checkLine(line, newline >= 0, this.#lineBytesMax)
        if (violation) this.#violated(violation, next)
        else if (newline < 0) next()
        if (violation || newline < 0 || !this.#dispatch(line.subarray(0, -2), step)) return
        turn += 1
        if (turn % commandsPerTurn > 0) continue
        setImmediate(step)
        return
      }
      this._write(rest, 'buffer', next)
    }
    step()
  }

  /** What was left of the last chunk, and this chunk's part of the line. */
  #joined(chunk: Buffer, newline: number): Buffer {
    const part = newline < 0 ? chunk : chunk.subarray(0, newline + 1)
    const line = Buffer.concat([this.#partial, part])
    this.#partial = newline < 0 ? line : Buffer.alloc(0)
    return line
  }

  /** True when the command was done at once; otherwise `resume` is called when it is. */
  #dispatch(line: Buffer, resume: () => void): boolean {
    let running = true
    let done = false
    this.#events.onCommand()
    this.oncommand(line, () => {
      if (running) done = true
      else resume()
    })
    running = false
    return done
  }

  #feedData(chunk: Buffer, next: Next): void {
    const step = this.#readData?.(chunk)
    if (!step || step.kind === 'bare_line_end') {
      this.#violated('bare_line_end', next)
      return
    }
    this._countDataBytes(step.content.length)
    this.#events.onDataBytes(step.content.length)
    if (step.kind === 'end') {
      this.#events.onDataEnd()
      this._endDataMode(step.content, step.rest, next)
    }
    // The size is answered at the end of the text; twice the size is no mistake any more.
    else if (this.dataBytes > 2 * this._maxBytes) this.#violated('message_too_big', next)
    else this.#passOn(step.content, next)
  }

  #passOn(content: Buffer, next: Next): void {
    const stream = this._dataStream
    if (!stream?.writable || stream.write(content)) {
      next()
      return
    }
    const resume = () => {
      stream.off('drain', resume)
      stream.off('close', resume)
      next()
    }
    stream.on('drain', resume)
    stream.on('close', resume)
  }
}

function checkLine(line: Buffer, complete: boolean, bytesMax: number): Violation | null {
  if (line.length > bytesMax) return 'line_too_long'
  const cr = line.indexOf(13)
  const last = line.length - (complete ? 2 : 1)
  if (complete ? cr !== last : cr >= 0 && cr !== last) return 'bare_line_end'
  return null
}
