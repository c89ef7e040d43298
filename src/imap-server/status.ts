/** STATUS items (RFC 3501 section 6.3.10, RFC 7162, RFC 8438), answered from the mailbox row alone. */
import type { MailboxRow } from '#store/mail.ts'
import { BadCommand, type CommandArguments } from './command-arguments.ts'
import { mailboxString } from './imap-string.ts'

const items = {
  MESSAGES: (row: MailboxRow) => row.messages,
  // Never more than the messages there are, though some of the new ones may be gone again.
  RECENT: (row: MailboxRow) => Math.min(row.messages, row.uidNext - row.recentUid),
  UIDNEXT: (row: MailboxRow) => row.uidNext,
  UIDVALIDITY: (row: MailboxRow) => row.uidValidity,
  UNSEEN: (row: MailboxRow) => row.unseen,
  HIGHESTMODSEQ: (row: MailboxRow) => row.modseq,
  SIZE: (row: MailboxRow) => row.bytes,
} as const

export type StatusItem = keyof typeof items

const isItem = (word: string): word is StatusItem => Object.hasOwn(items, word)

export function parseStatusItems(args: CommandArguments): StatusItem[] {
  return args.list(() => {
    const word = args.word()
    if (!isItem(word)) throw new BadCommand('unknown STATUS item')
    return word
  })
}

/** `name` as it goes on the wire. */
export function statusLine(name: string, row: MailboxRow, wanted: readonly StatusItem[]): string {
  const values = wanted.map((item) => `${item} ${items[item](row)}`)
  return `* STATUS ${mailboxString(name)} (${values.join(' ')})`
}
