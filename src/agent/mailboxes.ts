/** What the agent knows of each watched mailbox: how far it was read, when it was last looked at, what is wrong. */
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import { folderKey, inbox, type WatchedFolder } from '#mailbox/access.ts'
import type { MailboxCounters } from '#mailbox/mailbox.ts'
import type { Watch, WatchStore } from '#store/watches.ts'
import {
  lookOf,
  type MailboxEntry,
  type MailboxesState,
  type MailboxFault,
  type MailboxLook,
  newEntry,
  type Position,
  stateOf,
} from './mailbox-state.ts'

export interface Mailboxes {
  /** Reads every cursor from the store again. */
  load(): Promise<void>
  /** Forgets the folders of everybody else. */
  keepOnly(owners: ReadonlySet<MailAddress>): void
  /** Whether the counters show messages behind the cursor, or a mailbox that is not the one the cursor is for. */
  hasNews(watched: WatchedFolder, counters: MailboxCounters): boolean
  /** How far it was read, as far as is known here. */
  positionOf(watched: WatchedFolder): Position | null
  /** It was looked at with success; `position` where it was read. */
  looked(watched: WatchedFolder, position?: Position): void
  /** Returns whether this is news. */
  failed(watched: WatchedFolder, code: FaultCode): boolean
  /** What its last look failed with, or null. */
  faultOf(watched: WatchedFolder): FaultCode | null
  removal(watched: WatchedFolder, code: FaultCode | null): void
  /** Messages had come and were gone before they could be read. */
  missed(watched: WatchedFolder): void
  /** A mail that called itself activation mail held no request. */
  empty(watched: WatchedFolder, txn8: string | null): void
  state(): MailboxesState
  lookAt(owner: MailAddress): MailboxLook
  /** Writes the times of the last looks to the store. */
  flush(): Promise<void>
  close(): Promise<void>
}

const flushMs = 15_000
/** More per folder than one user's handhelds could have on their way. */
const emptyKeptMax = 8

export function makeMailboxes(
  store: Pick<WatchStore, 'list' | 'looked'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Mailboxes {
  const entries = new Map<string, MailboxEntry>()
  const entryOf = (watched: WatchedFolder): MailboxEntry => {
    const key = folderKey(watched)
    const entry = entries.get(key) ?? newEntry(watched)
    entries.set(key, entry)
    return entry
  }
  const faultNow = ({ owner, folder }: WatchedFolder, code: FaultCode): MailboxFault => ({
    owner,
    folder,
    code,
    sinceMs: clock.nowMs(),
  })
  /** Rows of the store name users, whose addresses were canonical when they were written. */
  const remember = ({ owner, folder, uidValidity, nextUid, lookedAtMs }: Watch): void => {
    const entry = entryOf({ owner: owner as MailAddress, folder })
    entry.position = { uidValidity, nextUid }
    entry.lookedAtMs = Math.max(entry.lookedAtMs ?? 0, lookedAtMs ?? 0) || null
  }
  const flush = () => writeLooks(store, [...entries.values()])
  const flushOrLog = () =>
    flush().catch((error) => log.error({ code: faultCodeOf(error) }, 'times of looks could not be written'))
  const stopFlushing = every(clock, flushMs, flushOrLog)

  return {
    load: async () => (await store.list()).forEach(remember),
    keepOnly: (owners) => {
      for (const [key, { watched }] of entries) if (!owners.has(watched.owner)) entries.delete(key)
      for (const owner of owners) entryOf({ owner, folder: inbox })
    },
    hasNews: (watched, { uidValidity, uidNext }) => {
      const { position } = entryOf(watched)
      return !position || position.uidValidity !== uidValidity || position.nextUid < uidNext
    },
    positionOf: (watched) => entries.get(folderKey(watched))?.position ?? null,
    looked: (watched, position) => {
      const entry = entryOf(watched)
      entry.lookedAtMs = clock.nowMs()
      entry.unwritten = true
      entry.fault = null
      if (position) entry.position = position
    },
    failed: (watched, code) => {
      const entry = entryOf(watched)
      if (entry.fault?.code === code) return false
      entry.fault = faultNow(watched, code)
      return true
    },
    faultOf: (watched) => entries.get(folderKey(watched))?.fault?.code ?? null,
    removal: (watched, code) => {
      entryOf(watched).notRemoved = code === null ? null : faultNow(watched, code)
    },
    missed: (watched) => {
      entryOf(watched).goneAtMs = clock.nowMs()
    },
    empty: (watched, txn8) => {
      const entry = entryOf(watched)
      const others = entry.empty.filter((mail) => mail.txn8 !== txn8)
      entry.empty = [{ txn8, atMs: clock.nowMs() }, ...others].slice(0, emptyKeptMax)
    },
    state: () => stateOf([...entries.values()]),
    lookAt: (owner) => lookOf(owner, [...entries.values()]),
    flush,
    close: async () => {
      stopFlushing()
      await flushOrLog()
    },
  }
}

async function writeLooks(
  store: Pick<WatchStore, 'looked'>,
  entries: readonly MailboxEntry[],
): Promise<void> {
  const unwritten = entries.filter((entry) => entry.unwritten)
  for (const entry of unwritten) entry.unwritten = false
  for (const [folder, group] of Map.groupBy(unwritten, ({ watched }) => watched.folder)) {
    const owners = group.map(({ watched }) => watched.owner)
    // The earliest of their times is true for all of them.
    const lookedAtMs = Math.min(...group.flatMap((entry) => entry.lookedAtMs ?? []))
    await store.looked(owners, folder, lookedAtMs)
  }
}

function every(clock: Clock, delayMs: number, work: () => Promise<void>): () => void {
  let cancel = () => {}
  let stopped = false
  const turn = () => {
    cancel = clock.after(delayMs, () => void work().finally(() => !stopped && turn()))
  }
  turn()
  return () => {
    stopped = true
    cancel()
  }
}
