/** What a person at the terminal is told where a text leaves open whether anything still happens. */
import type { HandheldCode } from '#protocol/handheld-text.ts'
import type { HandheldIo } from './cli-io.ts'
import type { ProgressLine } from './progress-line.ts'

/** Texts that a server sends (docs/protocol.md, "The texts"), but for those that a wait can mend. */
const toldNo: readonly HandheldCode[] = [3, 4, 5, 6, 7, 8, 9, 16]
const mustBeApproved = 15
const mailTakesTime = 21

/** Whoever was told no needs another password, which a request that is under way does not ask for. */
export const isToldNo = (code: HandheldCode | null): boolean => code !== null && toldNo.includes(code)

/** Told once for each code: a server says the same again as often as it is asked. */
export function sayWaiting(
  io: Pick<HandheldIo, 'moment'>,
  line: Pick<ProgressLine, 'remark'>,
  anew: string,
): (code: HandheldCode, untilMs: number) => void {
  const told = new Set<HandheldCode>()
  return (code, untilMs) => {
    if (told.has(code)) return
    told.add(code)
    line.remark(waitingWords(code, io.moment(untilMs), anew))
  }
}

/** @param anew how the person begins again, in the middle of a sentence */
export function waitingWords(code: HandheldCode, until: string, anew: string): string {
  if (isToldNo(code))
    return (
      `Whoever says so has proved nothing: this handheld goes on waiting for a server that knows the password,\n` +
      `until ${until}. To start over: Ctrl-C, then ${anew} and a new password.`
    )
  return `${awaited(code)} until ${until}. Ctrl-C ends the wait; the same command goes on with it.\nTo start over: Ctrl-C, then ${anew} and a new password.`
}

function awaited(code: HandheldCode): string {
  if (code === mustBeApproved) return 'This handheld waits for the approval'
  return code === mailTakesTime
    ? 'This handheld waits for the answer to its mail'
    : 'This handheld waits for the server'
}
