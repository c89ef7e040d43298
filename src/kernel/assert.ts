/** Raised when we ourselves are wrong; stops the one activation it touches, with `internal.invariant`. */
export class InvariantError extends Error {
  override name = 'InvariantError'
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

export function unreachable(value: never): never {
  throw new InvariantError(`unhandled case: ${String(value)}`)
}
