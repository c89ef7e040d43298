/** Dates of IMAP (RFC 3501 section 9): `17-Jul-1996 02:44:25 -0700` and `17-Jul-1996`. */

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const two = (value: number): string => String(value).padStart(2, '0')

/** In UTC, with the day padded by a space as INTERNALDATE has it. */
export function formatInternalDate(ms: number): string {
  const date = new Date(ms)
  const day = String(date.getUTCDate()).padStart(2, ' ')
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':')
  return `${day}-${months[date.getUTCMonth()]}-${String(date.getUTCFullYear()).padStart(4, '0')} ${time} +0000`
}

/** Milliseconds since 1970, or null. */
export function parseInternalDate(text: string): number | null {
  const match = /^([ \d]\d-[A-Za-z]{3}-\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(text)
  if (!match) return null
  const [, day = '', hours, minutes, seconds, sign, zoneHours, zoneMinutes] = match
  const dayMs = parseDay(day.trim())
  if (dayMs === null || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 60) return null
  const zone = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -1 : 1)
  return dayMs + ((Number(hours) * 60 + Number(minutes) - zone) * 60 + Number(seconds)) * 1_000
}

/** Midnight UTC of `d-Mon-yyyy`, or null. */
export function parseDay(text: string): number | null {
  const match = /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/.exec(text)
  const month = months.findIndex((name) => name.toLowerCase() === match?.[2]?.toLowerCase())
  if (!match || month < 0) return null
  const ms = Date.UTC(Number(match[3]), month, Number(match[1]))
  return new Date(ms).getUTCDate() === Number(match[1]) ? ms : null
}
