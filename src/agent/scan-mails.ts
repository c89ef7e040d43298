/** The single mails of a scan: which are read, what they hold, and what becomes of them. */
import { faultCodeOf } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import { folderKey } from '#mailbox/access.ts'
import type { MessageSummary, NewMessages } from '#mailbox/mailbox.ts'
import type { AcceptedMail, FoundMail } from './intake.ts'
import type { BehindCursor, Scan } from './scan-context.ts'

const subjectMark = /\[MDAP 1 ([0-9a-f]{8})\]/i

/**
 * Whether it is worth reading. @param windowMs how old a mail may be that is searched though it does not call itself
 * activation mail
 */
export const isWanted = (scan: Scan, message: MessageSummary, windowMs: number): boolean =>
  message.size <= limits.etpMailBytesMax &&
  (pointsToEtp(message) || (scan.closely && message.internalDateMs >= scan.clock.nowMs() - windowMs))

export async function findMails(scan: Scan, look: NewMessages, windowMs: number): Promise<FoundMail[]> {
  const found: FoundMail[] = []
  for (const message of look.messages) {
    if (!isWanted(scan, message, windowMs)) continue
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

/** For `explain`: mail that came and was gone again, and activation mail without its request. */
export function noteWhatIsAmiss(scan: Scan, look: BehindCursor, accepted: readonly AcceptedMail[]): void {
  const uids = new Set(accepted.map(({ uid }) => uid))
  const expected = look.fromUid === null ? 0 : look.nextUid - look.fromUid
  if (look.messages.length < expected) scan.mailboxes.missed(scan.watched)
  for (const message of look.messages.filter(pointsToEtp))
    if (!uids.has(message.uid)) scan.mailboxes.empty(scan.watched, txn8In(message))
}

const txn8In = ({ subject }: MessageSummary): string | null =>
  subjectMark.exec(subject)?.[1]?.toLowerCase() ?? null

/** A mail that stays is harmless: the request in it is known. */
export async function removeMails(
  scan: Scan,
  uidValidity: number,
  mails: readonly AcceptedMail[],
): Promise<void> {
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
