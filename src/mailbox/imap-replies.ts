/** What single IMAP responses tell (RFC 3501 section 7), strictly read. The costly ones are left to imapflow's parser. */
import type { FetchMessageObject, MailboxObject } from 'imapflow'
import { parser } from 'imapflow/lib/handler/imap-handler.js'
import { decodeText, formatMessageResponse } from 'imapflow/lib/tools.js'
import { Fault } from '#kernel/fault.ts'
import { headerField } from './header-field.ts'
import type { MailboxCounters, MessageSummary } from './mailbox.ts'
import type { ImapResponse } from './response-cutter.ts'

const status = /^\* STATUS (?:"((?:[^"\\]|\\.)*)"|\{\d+\}\r\n|([^\s"({]+)) \(([^()]*)\)\s*$/i
const item = (name: string) => new RegExp(`(?:^| )${name} (\\d{1,10})(?: |$)`, 'i')
const [uidValidityItem, uidNextItem, messagesItem] = [item('UIDVALIDITY'), item('UIDNEXT'), item('MESSAGES')]

/** Null: no STATUS response. @throws Fault imap.protocol where a counter is missing */
export function readStatus({ text, literals }: ImapResponse): MailboxCounters | null {
  if (!/^\* STATUS /i.test(text)) return null
  const [whole, quoted, atom, items = ''] = status.exec(text) ?? []
  if (whole === undefined) throw misunderstood(text)
  const number = (pattern: RegExp): number => Number(pattern.exec(items)?.[1] ?? Number.NaN)
  const [uidValidity, uidNext, exists] = [number(uidValidityItem), number(uidNextItem), number(messagesItem)]
  if (Number.isNaN(uidValidity + uidNext + exists)) throw misunderstood(text)
  const name = quoted?.replace(/\\(.)/g, '$1') ?? atom ?? literals[0]?.toString('latin1') ?? ''
  return { name, uidValidity, uidNext, exists }
}

export interface Opened {
  readonly uidValidity: number
  readonly uidNext: number
  readonly exists: number
  /** Flags that this account may change for good. */
  readonly permanentFlags: readonly string[]
}

/** Of the untagged responses to SELECT or EXAMINE. @throws Fault imap.protocol where UIDVALIDITY or UIDNEXT is missing */
export function openedFrom(name: string, responses: readonly ImapResponse[]): Opened {
  let [uidValidity, uidNext, exists] = [Number.NaN, Number.NaN, 0]
  let permanentFlags: readonly string[] = []
  for (const { text } of responses) {
    const [, code, value = ''] = /^\* OK \[(UIDVALIDITY|UIDNEXT|PERMANENTFLAGS) ([^\]]*)\]/i.exec(text) ?? []
    const found = /^\* (\d{1,10}) EXISTS\b/i.exec(text)
    if (found) exists = Number(found[1])
    if (code?.toUpperCase() === 'UIDVALIDITY') uidValidity = Number(value)
    if (code?.toUpperCase() === 'UIDNEXT') uidNext = Number(value)
    if (code?.toUpperCase() === 'PERMANENTFLAGS') permanentFlags = value.replace(/[()]/g, '').split(' ')
  }
  if (Number.isNaN(uidValidity + uidNext))
    throw new Fault('imap.protocol', `${name}: no UIDVALIDITY or UIDNEXT`)
  return { uidValidity, uidNext, exists, permanentFlags }
}

export const isFetch = ({ text }: ImapResponse): boolean => /^\* \d+ FETCH /i.test(text)

/** One FETCH response. @throws Fault imap.protocol */
export async function readFetch({ text, literals }: ImapResponse): Promise<FetchMessageObject> {
  try {
    const parsed = await parser(Buffer.from(text, 'latin1'), { literals: [...literals] })
    return await formatMessageResponse(parsed, {} as MailboxObject)
  } catch (error) {
    throw new Fault('imap.protocol', String(error), error)
  }
}

/** What `summaryItems` asks for; changes no flag. */
export const summaryItems =
  '(UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (SUBJECT X-MDAP-MESSAGE)])'

export function summaryOf(message: FetchMessageObject): MessageSummary {
  const internalDateMs = new Date(message.internalDate ?? 0).getTime()
  const header = message.headers ?? new Uint8Array()
  return {
    uid: message.uid,
    size: message.size ?? 0,
    internalDateMs: Number.isNaN(internalDateMs) ? 0 : internalDateMs,
    flags: [...(message.flags ?? [])],
    subject: decodeText(headerField(header, 'subject') ?? ''),
    mdapMessage: headerField(header, 'x-mdap-message'),
  }
}

/** The UIDs of SEARCH responses, ascending. */
export function readSearch(responses: readonly ImapResponse[]): number[] {
  const uids = responses.flatMap(({ text }) => {
    const [, numbers] = /^\* SEARCH((?: \d{1,10})*) *$/i.exec(text) ?? []
    if (numbers === undefined && /^\* SEARCH\b/i.test(text)) throw misunderstood(text)
    return numbers?.trim() ? numbers.trim().split(' ').map(Number) : []
  })
  return uids.sort((a, b) => a - b)
}

const misunderstood = (text: string): Fault =>
  new Fault('imap.protocol', `not understood: ${text.slice(0, 200)}`)
