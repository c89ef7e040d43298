/** What a directory says of people, whatever kind it is; a reading is whole or fails. */

/** One person's entry, as it was written there; nothing of it has been checked but its size. */
export interface DirectoryPerson {
  /** The distinguished name. */
  readonly dn: string
  /** The directory's own name for the entry, which stays when it is renamed; null where it has none. */
  readonly id: string | null
  /** All values of the attribute that holds the address; the user's main one is among them. */
  readonly addresses: readonly string[]
  readonly aliases: readonly string[]
  readonly name: string
  /** Null where the configuration names no attribute for it. */
  readonly organisation: string | null
  /** Names of groups; null where the configuration asks for none. */
  readonly groups: readonly string[] | null
}

export interface Directory {
  /**
   * Everybody the configured filter finds, in pages as they come.
   * @throws Fault ldap.*, tls.*
   */
  people(): AsyncIterable<readonly DirectoryPerson[]>
  close(): Promise<void>
}

/** Connects and logs in. @throws Fault ldap.*, tls.*, config.invalid */
export type OpenDirectory = (signal: AbortSignal) => Promise<Directory>
