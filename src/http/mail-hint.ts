/** What a mail server's push hook says: a JSON object `{user, mailbox, uidvalidity?, uid?}` in UTF-8, and no more. */
import { fromUtf8 } from '#kernel/bytes.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'

/** A mail came: only a hint, which proves nothing. */
export interface MailHint {
  /** The user's log-in name at the mail server, as it writes it. */
  readonly user: string
  /** The folder's name, as the mail server writes it. */
  readonly mailbox: string
  /** RFC 3501 section 2.3.1.1: both 32 bits and never 0. */
  readonly uidValidity: number | null
  readonly uid: number | null
}

export const hintBytesMax = 4_096
const userLengthMax = 254
const mailboxLengthMax = 1_024
const fields: ReadonlySet<string> = new Set(['user', 'mailbox', 'uidvalidity', 'uid'])

export function decodeMailHint(body: Uint8Array): Decoded<MailHint> {
  if (body.length > hintBytesMax) return refused('too_big', 'body')
  const value = parsed(body)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refused('wrong_shape', 'body')
  const unknown = Object.keys(value).some((name) => !fields.has(name))
  if (unknown) return refused('unknown_field', 'body')
  const { user, mailbox, uidvalidity: uidValidity = null, uid = null } = value as Record<string, unknown>
  if (user === undefined) return refused('missing_field', 'user')
  if (mailbox === undefined) return refused('missing_field', 'mailbox')
  if (!isName(user, userLengthMax)) return refused('out_of_range', 'user')
  if (!isName(mailbox, mailboxLengthMax)) return refused('out_of_range', 'mailbox')
  if (uidValidity !== null && !isNumber(uidValidity)) return refused('out_of_range', 'uidvalidity')
  if (uid !== null && !isNumber(uid)) return refused('out_of_range', 'uid')
  return decoded({ user, mailbox, uidValidity, uid })
}

/** The parsed JSON; null, which is no hint either, where it is none. */
function parsed(body: Uint8Array): unknown {
  const text = fromUtf8(body)
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const isName = (value: unknown, lengthMax: number): value is string =>
  typeof value === 'string' && value !== '' && value.length <= lengthMax && !/\p{Cc}/u.test(value)

const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 0xffff_ffff
