/** Which way of looking at counters is taken: what the configuration asks for and the server can do. */
import type { MailboxAccess } from '#mailbox/access.ts'
import type { MailboxAbilities } from '#mailbox/mailbox.ts'

export type CounterLook = 'list_status' | 'status'

/** Below so many mailboxes asking for each is cheaper than a list of all that the server has. */
const listFoldersMin = 16

/** For a number of inboxes that one connection sees under a common prefix. */
export function chooseCounterLook(
  access: MailboxAccess,
  abilities: MailboxAbilities,
  folders: number,
): CounterLook {
  return access.listPattern !== null && abilities.listStatus && folders >= listFoldersMin
    ? 'list_status'
    : 'status'
}

/** Whether every mailbox can be polled: only where one answer tells of them all. */
export const canPollAll = (access: MailboxAccess, abilities: MailboxAbilities): boolean =>
  access.listPattern !== null && abilities.listStatus
