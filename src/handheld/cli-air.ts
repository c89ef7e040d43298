/** What a person at the terminal is told of the line to the relay: once for each time that it comes or goes. */

import type { ProgressLine } from './progress-line.ts'
import type { LineState } from './run.ts'

const goesOn = 'this handheld tries again by itself. Ctrl-C ends it.'

const downWords: Readonly<Record<Exclude<LineState, 'ready'>, string>> = {
  unreachable: `The relay is not reached: ${goesOn}`,
  refused: `The relay does not let this handheld in: ${goesOn}`,
  version: `The relay speaks another version: ${goesOn}`,
  too_many: `The relay was asked too often: ${goesOn}`,
  untrusted: `What answers is not the relay that this handheld trusts: ${goesOn}`,
}

/** @param pin the handheld's, null before its first log-in */
export function sayAir(
  line: Pick<ProgressLine, 'remark'>,
  relayId: string,
  pin: () => string | null,
): (state: LineState) => void {
  let told: 'ready' | 'down' | null = null
  return (state) => {
    const now = state === 'ready' ? 'ready' : 'down'
    if (now === told) return
    told = now
    line.remark(
      state === 'ready' ? `On the air as ${pin() ?? 'nobody'}, by the relay ${relayId}.` : downWords[state],
    )
  }
}
