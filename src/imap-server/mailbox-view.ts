/**
 * A session's picture of its selected mailbox: which UID stands at which sequence number, and up to which
 * modification sequence the client has been told. Changes come from the store alone, after their commit.
 */
import type { MailboxRow, MailStore, MessageRow } from '#store/mail.ts'
import type { Output } from './output.ts'
import { lowerBound } from './sequence-set.ts'

/** The selected mailbox was deleted under the session. */
export class MailboxGone extends Error {
  override name = 'MailboxGone'
}

export interface ViewOptions {
  readonly store: MailStore
  readonly mailbox: MailboxRow
  readonly uids: readonly number[]
  readonly readOnly: boolean
  /** False for a service account, which only looks, reads, marks as seen and deletes ETP messages. */
  readonly owner: boolean
}

export class MailboxView {
  readonly mailboxId: number
  readonly readOnly: boolean
  readonly owner: boolean
  /** Ascending; expunged messages stay until the client was told. */
  uids: number[]
  keywords: readonly string[]
  #store: MailStore
  #modseq: number
  #recentFrom: number
  #gone = new Set<number>()
  #told = new Map<number, number>()

  constructor({ store, mailbox, uids, readOnly, owner }: ViewOptions) {
    this.#store = store
    this.mailboxId = mailbox.id
    this.readOnly = readOnly
    this.owner = owner
    this.uids = [...uids]
    this.keywords = mailbox.keywords
    this.#modseq = mailbox.modseq
    this.#recentFrom = mailbox.recentUid
  }

  /** The message sequence number, or 0 for a UID that is not shown. */
  sequenceOf(uid: number): number {
    const index = lowerBound(this.uids, uid)
    return this.uids[index] === uid ? index + 1 : 0
  }

  get recentCount(): number {
    return this.uids.length - lowerBound(this.uids, this.#recentFrom)
  }

  /** The flags as shown in this session. */
  flagsOf({ uid, flags }: MessageRow): string {
    return (uid >= this.#recentFrom ? [...flags, '\\Recent'] : flags).join(' ')
  }

  /** The client has been told of this state of a message by its own command's response. */
  noteTold({ uid, modseq }: MessageRow): void {
    this.#told.set(uid, modseq)
  }

  /**
   * Tells what has changed since the last time: EXPUNGE where allowed, EXISTS and RECENT, then flags.
   * @throws MailboxGone
   */
  async sync(output: Output, how: { expunge: boolean; condstore: boolean; uid: boolean }): Promise<void> {
    const changes = await this.#store.changesSince(this.mailboxId, this.#modseq)
    if (!changes) throw new MailboxGone()
    this.#modseq = changes.mailbox.modseq
    this.keywords = changes.mailbox.keywords
    for (const uid of changes.expunged ?? (await this.#missing()))
      if (this.sequenceOf(uid) > 0) this.#gone.add(uid)
    if (how.expunge && this.#gone.size > 0) this.#tellExpunged(output)
    const last = this.uids.at(-1) ?? 0
    const arrived = changes.changed.filter(({ uid }) => uid > last)
    if (arrived.length > 0) {
      for (const { uid } of arrived) this.uids.push(uid)
      output.line(`* ${this.uids.length} EXISTS`)
      output.line(`* ${this.recentCount} RECENT`)
    }
    for (const row of changes.changed) {
      if (row.uid > last || this.#told.get(row.uid) === row.modseq) continue
      this.tellFlags(output, row, how)
      await output.room()
    }
    this.#told.clear()
  }

  tellFlags(output: Output, row: MessageRow, { condstore, uid }: { condstore: boolean; uid: boolean }): void {
    const sequence = this.sequenceOf(row.uid)
    if (sequence === 0) return
    const items = [
      ...(uid || condstore ? [`UID ${row.uid}`] : []),
      `FLAGS (${this.flagsOf(row)})`,
      ...(condstore ? [`MODSEQ (${row.modseq})`] : []),
    ]
    output.line(`* ${sequence} FETCH (${items.join(' ')})`)
  }

  tellModseq(output: Output, { uid, modseq }: MessageRow): void {
    const sequence = this.sequenceOf(uid)
    if (sequence > 0) output.line(`* ${sequence} FETCH (UID ${uid} MODSEQ (${modseq}))`)
  }

  /** One pass over the list, however many are gone: each number is that of the moment it is told. */
  #tellExpunged(output: Output): void {
    let removed = 0
    this.uids = this.uids.filter((uid, index) => {
      if (!this.#gone.has(uid)) return true
      output.line(`* ${index + 1 - removed} EXPUNGE`)
      removed += 1
      return false
    })
    this.#gone.clear()
  }

  /** When the store no longer remembers every expunged UID, the whole list is compared. */
  async #missing(): Promise<number[]> {
    const now = await this.#store.openMailbox(this.mailboxId)
    const present = new Set(now?.uids ?? [])
    return this.uids.filter((uid) => !present.has(uid))
  }
}
