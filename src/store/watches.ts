/** How far one mailbox was read. `nextUid` is the lowest UID not yet looked at. */
export interface Cursor {
  /** The user's main address, which names the mailbox's owner. */
  readonly owner: string
  /** `INBOX`, or the Junk folder while an activation waits. */
  readonly folder: string
  readonly uidValidity: number
  readonly nextUid: number
}

export interface Watch extends Cursor {
  /** When it was last looked at with success, or null. */
  readonly lookedAtMs: number | null
}

export interface WatchStore {
  find(owner: string, folder: string): Promise<Watch | null>
  list(): Promise<Watch[]>
  /** Moves the cursor where a look found nothing to raise; with events it moves in their commit. */
  move(cursors: readonly Cursor[], nowMs: number): Promise<void>
  /** Writes down that these were looked at; called per pass, not per mailbox. */
  looked(owners: readonly string[], folder: string, nowMs: number): Promise<void>
  remove(owner: string): Promise<void>
}
