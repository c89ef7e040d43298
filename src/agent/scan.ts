/**
 * Reads what is new in mailboxes: the messages behind each cursor, of which those that may be activation mail are
 * fetched and searched for an ETP.DAT. A cursor moves with what was found, in one commit; when anything fails it
 * stays, and the same messages are read again.
 */
import type { ActivationId } from '#kernel/brand.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import { folderKey, inbox, type WatchedFolder } from '#mailbox/access.ts'
import type { Look, MailboxConnection, NewMessages } from '#mailbox/mailbox.ts'
import { lookAtOne } from '#mailbox/one-look.ts'
import type { Cursor } from '#store/watches.ts'
import type { FoundMail, TakenBatch } from './intake.ts'
import type { NewsItem, Scanner } from './news.ts'
import type { BehindCursor, Scan, ScanParts } from './scan-context.ts'
import { findMails, isWanted, noteWhatIsAmiss, removeMails } from './scan-mails.ts'

export interface ScanOptions {
  readonly removeAccepted: boolean
  onSeen(txns: readonly ActivationId[]): void
}

/** Messages per commit: bounds what is held in memory and repeated after a failure. */
const batchMessagesMax = 100
/** The longest life of a request: older mail cannot be one that still waits. */
const windowMs = limits.etpLifeSecondsMax * 1000

export function makeScan(parts: ScanParts, options: ScanOptions): Scanner {
  return async (items, ended) => {
    const [first] = items
    if (!first) return
    const { login } = parts.access.place(first.watched)
    const urgent = first.foundBy !== 'scan'
    const open = new Set(items.map(({ watched }) => watched))
    const end = (watched: WatchedFolder, error: unknown): void => {
      if (!open.delete(watched)) return
      // Many users have no Junk folder, and few servers let another account read it: no reason to try hard.
      const isJunk = error !== null && isJunkTrouble(watched, error)
      if (isJunk) parts.mailboxes.failed(watched, faultCodeOf(error))
      ended(watched, isJunk ? null : error)
    }
    try {
      await parts.pool.use(
        login,
        async (connection) => {
          const scans = await Promise.all(items.map((item) => scanOf(parts, connection, item)))
          await scanAll(scans, options, end)
        },
        { urgent },
      )
    } catch (error) {
      for (const watched of [...open]) end(watched, error)
    }
  }
}

async function scanOf(parts: ScanParts, connection: MailboxConnection, item: NewsItem): Promise<Scan> {
  const { watched, foundBy } = item
  const { owner, folder } = watched
  const { name } = parts.access.place(watched)
  const known = parts.mailboxes.positionOf(watched) ?? (await parts.store.watches.find(owner, folder))
  const closely = foundBy === 'hint' || parts.isHinted(owner) || (await parts.isLive(owner))
  return { ...parts, watched, name, connection, foundBy, closely, known }
}

type End = (watched: WatchedFolder, error: unknown) => void

/**
 * One exchange asks for all of them; those with nothing of interest end with one commit. @throws what broke the
 * connection
 */
async function scanAll(scans: readonly Scan[], options: ScanOptions, end: End): Promise<void> {
  const [first] = scans
  if (!first) return
  const byName = new Map(scans.map((scan) => [scan.name, scan]))
  const quiet: (readonly [Scan, NewMessages])[] = []
  const busy: (readonly [Scan, NewMessages])[] = []
  let broken: { readonly error: unknown } | null = null
  try {
    for await (const come of first.connection.newMessages(scans.map(firstLook)))
      for (const looked of come) {
        const scan = byName.get(looked.name)
        if (!scan) continue
        if ('error' in looked) end(scan.watched, new Fault(looked.error, looked.name))
        else (isQuiet(scan, looked) ? quiet : busy).push([scan, looked])
      }
  } catch (error) {
    broken = { error }
  }
  await endQuiet(quiet, end)
  if (broken) throw broken.error
  for (const [scan, look] of busy) await readWhole(scan, look, options, end)
}

/**
 * Behind the cursor; without one, the days in which a request lives: the first mail to a new mailbox is often there
 * before anybody has looked.
 */
const firstLook = ({ name, known, clock }: Scan): Look =>
  known
    ? { name, fromUid: known.nextUid, limit: batchMessagesMax }
    : { name, fromUid: 1, sinceMs: clock.nowMs() - windowMs, limit: batchMessagesMax }

const cursorAt = ({ watched }: Scan, { uidValidity, nextUid }: NewMessages): Cursor => ({
  ...watched,
  uidValidity,
  nextUid,
})

/** Read to its end, and nothing in it is for us. */
const isQuiet = (scan: Scan, look: NewMessages): boolean =>
  look.nextUid >= look.uidNext &&
  (!scan.known || scan.known.uidValidity === look.uidValidity) &&
  !look.messages.some((message) => isWanted(scan, message, windowMs))

async function endQuiet(quiet: readonly (readonly [Scan, NewMessages])[], end: End): Promise<void> {
  const [first] = quiet
  if (!first) return
  const onward = quiet.filter(([{ known }, look]) => known?.nextUid !== look.nextUid)
  const { store, clock } = first[0]
  const cursors = onward.map(([scan, look]) => cursorAt(scan, look))
  if (cursors.length > 0) await store.watches.move(cursors, clock.nowMs())
  for (const [scan, look] of quiet) {
    scan.mailboxes.looked(scan.watched, cursorAt(scan, look))
    noteWhatIsAmiss(scan, { ...look, fromUid: scan.known?.nextUid ?? null }, [])
    end(scan.watched, null)
  }
}

/** @throws what broke the connection */
async function readWhole(scan: Scan, look: NewMessages, options: ScanOptions, end: End): Promise<void> {
  try {
    await readOn(scan, await behindCursor(scan, look), options)
    end(scan.watched, null)
  } catch (error) {
    end(scan.watched, error)
    if (!scan.connection.usable()) throw error
  }
}

async function behindCursor(scan: Scan, look: NewMessages): Promise<BehindCursor> {
  const { known, watched, log, connection } = scan
  if (!known) return { ...look, fromUid: null }
  if (known.uidValidity === look.uidValidity) return { ...look, fromUid: known.nextUid }
  log.warn({ mailbox: folderKey(watched) }, 'the mailbox has a new UIDVALIDITY')
  return { ...(await lookAtOne(connection, firstLook({ ...scan, known: null }))), fromUid: null }
}

async function readOn(scan: Scan, first: BehindCursor, options: ScanOptions): Promise<void> {
  let look = first
  for (;;) {
    const mails = await findMails(scan, look, windowMs)
    const cursor = cursorAt(scan, look)
    const taken = await commit(scan, cursor, mails)
    if (!taken) return
    scan.mailboxes.looked(scan.watched, cursor)
    noteWhatIsAmiss(scan, look, taken.accepted)
    options.onSeen(taken.seen)
    if (options.removeAccepted) await removeMails(scan, look.uidValidity, taken.accepted)
    if (look.nextUid >= look.uidNext) return
    look = await nextLook(scan, look)
  }
}

async function nextLook(scan: Scan, { uidValidity, nextUid }: NewMessages): Promise<BehindCursor> {
  const look = await lookAtOne(scan.connection, {
    name: scan.name,
    fromUid: nextUid,
    limit: batchMessagesMax,
  })
  if (look.uidValidity === uidValidity) return { ...look, fromUid: null }
  throw new Fault('imap.protocol', `${scan.name}: UIDVALIDITY changed while it was read`)
}

async function commit(scan: Scan, cursor: Cursor, mails: readonly FoundMail[]): Promise<TakenBatch | null> {
  const { owner, folder } = scan.watched
  if (mails.length > 0) return scan.intake({ owner, folder, cursor, mails })
  await scan.store.watches.move([cursor], scan.clock.nowMs())
  return { accepted: [], seen: [] }
}

const isJunkTrouble = ({ folder }: WatchedFolder, error: unknown): boolean =>
  folder !== inbox && error instanceof Fault && error.code.startsWith('imap.')
