/** Dates as IMAP commands name them (RFC 3501 section 9); always of Greenwich. */

/** `date`: `28-Nov-2026`. */
export function imapDay(ms: number): string {
  const [, day = '', month = '', year = ''] = new Date(ms).toUTCString().split(' ')
  return `${day}-${month}-${year}`
}

/** `date-time`: `"28-Nov-2026 22:35:50 +0000"`. */
export function imapDateTime(ms: number): string {
  const time = new Date(ms).toISOString().slice(11, 19)
  return `"${imapDay(ms)} ${time} +0000"`
}
