/** An error as a person reads it: what happened, what to do next, the code to look up. */
import { InvariantError } from '#kernel/assert.ts'
import { Fault, faultCodeOf, faultRow } from '#kernel/fault.ts'
import { fields, visible } from './text.ts'

export function sayFault(error: unknown, width: number): string {
  const code = faultCodeOf(error)
  const { says, next } = faultRow(code)
  const detail = detailOf(error)
  const [only, ...more] = detail.split('\n')
  const about = more.length === 0 && only ? ` (${visible(only)})` : ''
  const list =
    more.length === 0
      ? ''
      : `${detail
          .split('\n')
          .map((line) => `  - ${visible(line)}`)
          .join('\n')}\n`
  return `postkey: ${says}${about}\n${list}${fields(
    [
      ['next', next],
      ['code', code],
    ],
    width,
  )}${traceOf(error)}`
}

/** The same for programs. */
export function faultObject(error: unknown): object {
  const code = faultCodeOf(error)
  const { says, next } = faultRow(code)
  return { error: { code, says, detail: detailOf(error), next } }
}

function detailOf(error: unknown): string {
  if (error instanceof Fault) return error.detail
  return error instanceof Error ? error.message : String(error)
}

/** Only our own mistakes show where they happened: whoever reports them needs it. */
const traceOf = (error: unknown): string =>
  error instanceof Error && (!(error instanceof Fault) || error instanceof InvariantError)
    ? `${error.stack ?? ''}\n`
    : ''
