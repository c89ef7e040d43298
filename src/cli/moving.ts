/** A line that shows what is being done, under the lines that stay; only where a person watches. */
import type { Clock } from '#kernel/clock.ts'
import type { Terminal } from './terminal.ts'
import { visible } from './text.ts'

export interface Moving {
  /** What is done from now on. */
  say(what: string): void
  /** Lines that stay, on standard output. */
  print(lines: string): void
  stop(): void
}

const turns = ['|', '/', '-', '\\']
const turnMs = 200
const eraseLine = '\r\u001b[K'

export function startMoving({ stdout, stderr, people }: Terminal, clock: Clock, wanted: boolean): Moving {
  const moves = wanted && people && stderr.isTTY === true
  let what = ''
  let turn = 0
  let cancel = (): void => {}
  const erase = (): void => {
    cancel()
    if (moves && what) stderr.write(eraseLine)
  }
  const draw = (): void => {
    if (!moves || !what) return
    turn = (turn + 1) % turns.length
    stderr.write(`${eraseLine}${turns[turn]} ${visible(what)} …`)
    cancel = clock.after(turnMs, draw)
  }
  return {
    say: (next) => {
      erase()
      what = next
      draw()
    },
    print: (lines) => {
      erase()
      stdout.write(lines)
      draw()
    },
    stop: () => {
      erase()
      what = ''
    },
  }
}
