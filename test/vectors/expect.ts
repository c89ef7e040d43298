/** Takes what must be there out of results and nullable values; the test fails where it is not. */
import type { Decoded } from '#kernel/result.ts'

export function good<T>(result: Decoded<T>): T {
  if (!result.ok) throw new Error(`refused: ${result.fault.code} at ${result.fault.at}`)
  return result.value
}

export function known<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('missing in the vectors')
  return value
}
