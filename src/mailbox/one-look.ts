/** Asks for what is new in one mailbox alone. */
import { Fault } from '#kernel/fault.ts'
import type { Look, MailboxConnection, NewMessages } from './mailbox.ts'

/** @throws Fault imap.no_mailbox, imap.no_right, and what the connection throws */
export async function lookAtOne(connection: MailboxConnection, look: Look): Promise<NewMessages> {
  const [looked] = (await Array.fromAsync(connection.newMessages([look]))).flat()
  if (!looked) throw new Fault('imap.protocol', `${look.name}: no answer`)
  if ('error' in looked) throw new Fault(looked.error, look.name)
  return looked
}
