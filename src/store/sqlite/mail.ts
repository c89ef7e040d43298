import type { MailStore } from '../mail.ts'
import type { Aggregate } from './aggregate.ts'
import { mailAccounts } from './mail-accounts.ts'
import { mailMailboxes } from './mail-mailboxes.ts'
import { mailMessages } from './mail-messages.ts'

export const mail: Aggregate<MailStore> = {
  reads: [
    'findAccount',
    'listMailboxes',
    'findMailbox',
    'listInboxes',
    'listSubscriptions',
    'changedMailboxes',
    'newestModseq',
    'openMailbox',
    'changesSince',
    'findMessages',
    'describe',
    'readBody',
  ],
  // A description says about a message what its bytes say: nothing has changed.
  touches: (method) => (method === 'keepDescription' ? [] : ['mail']),
  make: (db) => ({ ...mailAccounts(db), ...mailMailboxes(db), ...mailMessages(db) }),
}
