/**
 * Reads what is new in one mailbox: the messages behind the cursor, of which those that may be activation mail
 * are fetched and searched for an ETP.DAT. The cursor moves with what was found, in one commit; when anything
 * fails it stays, and the same messages are read again.
 */
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import type { Log } from '#kernel/log.ts'
import { folderKey, inbox, type MailboxAccess, type WatchedFolder } from '#mailbox/access.ts'
import {
  endOfMailbox,
  type MailboxConnection,
  type MessageSummary,
  type NewMessages,
} from '#mailbox/mailbox.ts'
import type { Pool } from '#mailbox/pool.ts'
import type { Cursor, WatchStore } from '#store/watches.ts'
import type { Extractor } from './extract-worker.ts'
import type { AcceptedMail, FoundBatch, FoundMail, TakenBatch } from './intake.ts'
import type { Mailboxes } from './mailboxes.ts'
import type { FoundBy } from './news.ts'

export interface ScanParts {
  readonly pool: Pool
  readonly access: MailboxAccess
  readonly store: { readonly watches: Pick<WatchStore, 'find' | 'move'> }
  readonly mailboxes: Mailboxes
  readonly extractor: Extractor
  readonly clock: Clock
  readonly log: Log
  isLive(owner: MailAddress): Promise<boolean>
  /** The relay has said that mail is on its way to this user. */
  isHinted(owner: MailAddress): boolean
  intake(batch: FoundBatch): Promise<TakenBatch>
}

export interface ScanOptions {
  readonly removeAccepted: boolean
  onSeen(txns: readonly ActivationId[]): void
}

/** One scan's mailbox, connection and circumstances. */
interface Scan extends ScanParts {
  readonly watched: WatchedFolder
  readonly name: string
  readonly connection: MailboxConnection
  readonly foundBy: FoundBy
  /** Every new mail is searched, not only mail that calls itself activation mail. */
  readonly closely: boolean
}

/** `fromUid`: every message from this one on is in the answer; null where some were left out on purpose. */
interface BehindCursor extends NewMessages {
  readonly fromUid: number | null
}

/** Messages per commit: bounds what is held in memory and repeated after a failure. */
const batchMessagesMax = 100
/** The longest life of a request: older mail cannot be one that still waits. */
const windowMs = limits.etpLifeSecondsMax * 1000
const subjectMark = /\[MDAP 1 ([0-9a-f]{8})\]/i

export function makeScan(
  parts: ScanParts,
  options: ScanOptions,
): (watched: WatchedFolder, foundBy: FoundBy) => Promise<void> {
  return async (watched, foundBy) => {
    const { login, name } = parts.access.place(watched)
    try {
      await parts.pool.use(
        login,
        async (connection) => {
          const closely =
            foundBy === 'hint' || parts.isHinted(watched.owner) || (await parts.isLive(watched.owner))
          await scan({ ...parts, watched, name, connection, foundBy, closely }, options)
        },
        { urgent: true },
      )
    } catch (error) {
      if (!isJunkTrouble(watched, error)) throw error
      // Many users have no Junk folder, and few servers let another account read it: no reason to try hard.
      parts.mailboxes.failed(watched, faultCodeOf(error))
    }
  }
}

async function scan(scan: Scan, options: ScanOptions): Promise<void> {
  let look = await firstLook(scan)
  for (;;) {
    const mails = await findMails(scan, look)
    const cursor: Cursor = { ...scan.watched, uidValidity: look.uidValidity, nextUid: look.nextUid }
    const taken = await commit(scan, cursor, mails)
    scan.mailboxes.looked(scan.watched, cursor)
    noteWhatIsAmiss(scan, look, taken.accepted)
    options.onSeen(taken.seen)
    if (options.removeAccepted) await removeMails(scan, look.uidValidity, taken.accepted)
    if (look.nextUid >= look.uidNext) return
    look = await nextLook(scan, look)
  }
}

/**
 * Behind the cursor; without one that still holds, the days in which a request lives: the first mail to a new
 * mailbox is often there before anybody has looked.
 */
async function firstLook(scan: Scan): Promise<BehindCursor> {
  const { connection, name, watched, clock } = scan
  const known = await scan.store.watches.find(watched.owner, watched.folder)
  const look = await connection.newMessages(name, {
    fromUid: known?.nextUid ?? endOfMailbox,
    limit: batchMessagesMax,
  })
  if (known && known.uidValidity === look.uidValidity) return { ...look, fromUid: known.nextUid }
  if (known) scan.log.warn({ mailbox: folderKey(watched) }, 'the mailbox has a new UIDVALIDITY')
  const all = await connection.newMessages(name, {
    fromUid: 1,
    sinceMs: clock.nowMs() - windowMs,
    limit: batchMessagesMax,
  })
  return { ...all, fromUid: null }
}

async function nextLook(scan: Scan, { uidValidity, nextUid }: NewMessages): Promise<BehindCursor> {
  const look = await scan.connection.newMessages(scan.name, { fromUid: nextUid, limit: batchMessagesMax })
  if (look.uidValidity === uidValidity) return { ...look, fromUid: null }
  throw new Fault('imap.protocol', `${scan.name}: UIDVALIDITY changed while it was read`)
}

/** For `explain`: mail that came and was gone again, and activation mail without its request. */
function noteWhatIsAmiss(scan: Scan, look: BehindCursor, accepted: readonly AcceptedMail[]): void {
  const uids = new Set(accepted.map(({ uid }) => uid))
  const expected = look.fromUid === null ? 0 : look.nextUid - look.fromUid
  if (look.messages.length < expected) scan.mailboxes.missed(scan.watched)
  for (const message of look.messages.filter(pointsToEtp))
    if (!uids.has(message.uid)) scan.mailboxes.empty(scan.watched, txn8In(message))
}

const txn8In = ({ subject }: MessageSummary): string | null =>
  subjectMark.exec(subject)?.[1]?.toLowerCase() ?? null

async function findMails(scan: Scan, look: NewMessages): Promise<FoundMail[]> {
  const oldestMs = scan.clock.nowMs() - windowMs
  const found: FoundMail[] = []
  for (const message of look.messages) {
    const wanted = pointsToEtp(message) || (scan.closely && message.internalDateMs >= oldestMs)
    if (!wanted || message.size > limits.etpMailBytesMax) continue
    const files = await filesOf(scan, look.uidValidity, message.uid)
    const { uid, internalDateMs: receivedAtMs } = message
    if (files.length > 0) found.push({ uid, receivedAtMs, foundBy: scan.foundBy, files })
  }
  return found
}

const pointsToEtp = ({ subject, mdapMessage }: MessageSummary): boolean =>
  mdapMessage !== null || subjectMark.test(subject)

async function filesOf(scan: Scan, uidValidity: number, uid: number): Promise<readonly Uint8Array[]> {
  const message = { uidValidity, uid }
  const raw = await scan.connection.fetchRaw(scan.name, message, limits.etpMailBytesMax)
  if (!raw) return []
  const extracted = await scan.extractor.extract(raw)
  if ('files' in extracted) return extracted.files
  scan.log.warn(
    { mailbox: folderKey(scan.watched), uid, code: 'mail.set_aside', exceeded: extracted.setAside },
    'a mail could not be read and was set aside',
  )
  return []
}

async function commit(scan: Scan, cursor: Cursor, mails: readonly FoundMail[]): Promise<TakenBatch> {
  const { owner, folder } = scan.watched
  if (mails.length > 0) return scan.intake({ owner, folder, cursor, mails })
  const known = await scan.store.watches.find(owner, folder)
  if (known?.uidValidity !== cursor.uidValidity || known.nextUid < cursor.nextUid)
    await scan.store.watches.move([cursor], scan.clock.nowMs())
  return { accepted: [], seen: [] }
}

/** A mail that stays is harmless: the request in it is known. */
async function removeMails(scan: Scan, uidValidity: number, mails: readonly AcceptedMail[]): Promise<void> {
  for (const { uid, txn: activation } of mails) {
    try {
      const how = await scan.connection.remove(scan.name, { uidValidity, uid })
      scan.mailboxes.removal(scan.watched, null)
      scan.log.debug(
        { activation, mailbox: folderKey(scan.watched), uid, how },
        'an activation mail was removed',
      )
    } catch (error) {
      const code = faultCodeOf(error)
      scan.mailboxes.removal(scan.watched, code)
      scan.log.warn(
        { activation, mailbox: folderKey(scan.watched), uid, code },
        'an activation mail could not be removed',
      )
    }
  }
}

const isJunkTrouble = ({ folder }: WatchedFolder, error: unknown): boolean =>
  folder !== inbox && error instanceof Fault && error.code.startsWith('imap.')
