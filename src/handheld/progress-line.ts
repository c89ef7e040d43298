/** Texts in lines of their own; below them, where a person watches, a line that shows that time passes. */
import type { HandheldIo } from './cli-io.ts'

export interface ProgressLine {
  /** A text of the handheld's screen. */
  print(text: string): void
  /** A remark beside the screen, on standard error. */
  remark(text: string): void
  /** Takes the moving line away while something else has the terminal. */
  hidden<T>(work: () => Promise<T>): Promise<T>
  stop(): void
}

const turns = ['|', '/', '-', '\\']
const turnMs = 200
const eraseLine = '\r\u001b[K'

/** Plain lines on standard output; with `-o json` nothing at all. */
export function startProgressLine(
  io: Pick<HandheldIo, 'format' | 'stdout' | 'stderr' | 'clock'>,
): ProgressLine {
  const moves = io.format === 'table' && io.stderr.isTTY === true && io.stdout.isTTY === true
  let text = ''
  let turn = 0
  let sinceMs = io.clock.monotonicMs()
  let cancel = (): void => {}
  const erase = () => {
    cancel()
    if (moves && text) io.stderr.write(eraseLine)
  }
  const draw = () => {
    if (!moves || !text) return
    turn = (turn + 1) % turns.length
    const seconds = Math.floor((io.clock.monotonicMs() - sinceMs) / 1000)
    io.stderr.write(`${eraseLine}${turns[turn]} ${seconds} s`)
    cancel = io.clock.after(turnMs, draw)
  }
  return {
    print: (shown) => {
      erase()
      if (io.format === 'table') io.stdout.write(`${shown}\n`)
      text = shown
      sinceMs = io.clock.monotonicMs()
      draw()
    },
    remark: (said) => {
      erase()
      if (io.format === 'table') io.stderr.write(`${said}\n`)
      draw()
    },
    hidden: async (work) => {
      erase()
      const result = await work()
      draw()
      return result
    },
    stop: () => {
      erase()
      text = ''
    },
  }
}
