/**
 * Seals secrets on their way to the database. `context` names what the secret is and whose, so that a value
 * moved to another row does not open there.
 */
export interface Vault {
  seal(context: string, plain: Uint8Array): Uint8Array
  /** Null under another storage key or context, or where a byte has changed. */
  open(context: string, sealed: Uint8Array): Uint8Array | null
}
