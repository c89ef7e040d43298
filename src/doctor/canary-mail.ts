/** The doctor's own look for the canary's mail, and the removal of what the agent left of it. */

import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import { inbox, type MailboxAccess } from '#mailbox/access.ts'
import type { MailboxConnection, MailServer } from '#mailbox/mailbox.ts'
import { lookAtOne } from '#mailbox/one-look.ts'
import type { OwnLook } from './canary-hops.ts'

export interface CanaryMail {
  readonly server: MailServer
  readonly access: MailboxAccess
  readonly owner: MailAddress
  readonly junk: string
}

interface Found {
  readonly connection: MailboxConnection
  readonly name: string
  readonly uidValidity: number
  readonly uids: readonly number[]
}

const mailsMax = 1_000

/** Looks into the inbox and then into Junk. Never rejects. */
export async function lookForMail(
  mail: CanaryMail,
  txn: ActivationId,
  startedAtMs: number,
): Promise<OwnLook> {
  const mark = new RegExp(`\\[MDAP 1 ${txn.slice(0, 8)}\\]`)
  const sinceMs = startedAtMs - limits.clockSkewSeconds * 1000
  const isIn = (folder: string): Promise<boolean> =>
    inFolder(mail, folder, mark, sinceMs, ({ uids }) => uids.length > 0)
  try {
    if (await isIn(inbox)) return { at: 'inbox' }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (error.code !== 'imap.no_mailbox') return { at: 'unreachable', code: error.code, detail: error.detail }
  }
  return { at: (await isIn(mail.junk).catch(() => false)) ? 'junk' : 'nowhere' }
}

/**
 * Removes every activation mail, those that an earlier round could not reach among them: the mailbox is the canary's.
 * @returns why something had to stay, or null
 */
export async function removeMail(mail: CanaryMail): Promise<Fault | null> {
  let left: Fault | null = null
  for (const folder of [inbox, mail.junk])
    try {
      await inFolder(mail, folder, etpMark, 0, async ({ connection, name, uidValidity, uids }) => {
        for (const uid of uids) await connection.remove(name, { uidValidity, uid })
      })
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      // Not everybody has a Junk folder, and few servers let another account look into it.
      const isNoFolder =
        error.code === 'imap.no_mailbox' || (folder !== inbox && error.code !== 'imap.no_right')
      if (!isNoFolder) left ??= error
    }
  return left
}

const etpMark = /\[MDAP 1 [0-9a-f]{8}\]/

async function inFolder<T>(
  { server, access, owner }: CanaryMail,
  folder: string,
  mark: RegExp,
  sinceMs: number,
  work: (found: Found) => T | Promise<T>,
): Promise<T> {
  const { login, name } = access.place({ owner, folder })
  const connection = await server.connect(login)
  try {
    const look = await lookAtOne(connection, { name, fromUid: 1, sinceMs, limit: mailsMax })
    const uids = look.messages.filter(({ subject }) => mark.test(subject)).map(({ uid }) => uid)
    return await work({ connection, name, uidValidity: look.uidValidity, uids })
  } finally {
    await connection.close()
  }
}
