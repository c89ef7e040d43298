/** What a target says of a broken promise. */
export function expect(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`broken promise: ${what}`)
}

/** Runs `parse`; the classes of `refusals` are its way to refuse and no failure. Null: it refused. */
export function orRefused<T>(
  parse: () => T,
  ...refusals: readonly (abstract new (
    ...args: never[]
  ) => Error)[]
): T | null {
  try {
    return parse()
  } catch (error) {
    if (refusals.some((refusal) => error instanceof refusal)) return null
    throw error
  }
}

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
export const text = (words: string): Uint8Array => new Uint8Array(Buffer.from(words, 'latin1'))
export const texts = (...words: readonly string[]): Uint8Array[] => words.map(text)
