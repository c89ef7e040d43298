import * as clack from '@clack/prompts'
import type { Terminal } from './terminal.ts'

export interface Progress {
  advance(): void
  stop(): void
}

/** A bar on standard error while long work runs; nothing where no person watches. */
export function startProgress({ stderr }: Terminal, what: string, total: number): Progress {
  if (stderr.isTTY !== true || total < 2) return { advance: () => {}, stop: () => {} }
  const bar = clack.progress({ max: total, output: stderr })
  let done = 0
  bar.start(what)
  return {
    advance: () => {
      done += 1
      bar.advance(1, `${what} ${done}/${total}`)
    },
    stop: () => bar.stop(`${what} ${done}/${total}`),
  }
}
