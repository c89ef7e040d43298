/** What is fuzzed: one decoder or line parser, with what good input looks like and what must hold of every input. */
export interface FuzzTarget {
  readonly name: string
  /** Throws where a promise is broken; a refusal that the parser documents is no throw. */
  run(input: Uint8Array): void | Promise<void>
  /** Good input to begin with, beside the committed corpus. Asked for outside the fuzzing thread. */
  seeds(): readonly Uint8Array[] | Promise<readonly Uint8Array[]>
  /** Words of the format: mutations put them anywhere. */
  readonly dictionary?: readonly (string | Uint8Array)[]
  /** The longest input that is tried, in bytes; 4,096 where nothing is said. */
  readonly bytesMax?: number
}

export const fuzzBytesMax = 4_096
