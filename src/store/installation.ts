/** Facts of the whole installation under a name: sealed private keys, certificates, counters, the generation. */
export interface InstallationStore {
  find(name: string): Promise<Uint8Array | null>
  /** Keeps `value` unless the name has one already; returns what is kept then. */
  keepFirst(name: string, value: Uint8Array): Promise<Uint8Array>
  put(name: string, value: Uint8Array): Promise<void>
  /**
   * Takes the next `count` numbers of the sequence `name` and returns the first: generation·2^32 + counter, greater
   * than every earlier one even where a backup was restored with a raised generation.
   */
  takeNumbers(name: string, count: number): Promise<number>
  /** The last number taken from the sequence; 0: none was. */
  lastNumber(name: string): Promise<number>
  generation(): Promise<number>
  /** To be called once after a restore, before anything is sent. */
  raiseGeneration(): Promise<number>
  /**
   * Where this database is a backup that was copied back, or older than the generation seen here before: raises the
   * generation above both, the relay's with it under the new route key, and revokes every activation password that
   * is still good. Once; false at every other time.
   */
  continueAfterRestore(restore: {
    readonly routeKeySealed: Uint8Array
    /** The highest generation that this installation is known to have had; 0 where nothing is known. */
    readonly seenGeneration: number
    readonly nowMs: number
  }): Promise<boolean>
}
