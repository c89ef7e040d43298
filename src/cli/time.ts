/** Moments and durations as people read them. */

export type ZoneMinutes = (atMs: number) => number

export const machineZone: ZoneMinutes = (atMs) => -new Date(atMs).getTimezoneOffset()

/** `2026-01-05T14:02:11+01:00`: ISO 8601 in local time. */
export function localIso(atMs: number, zone: ZoneMinutes): string {
  const offset = zone(atMs)
  const sign = offset < 0 ? '-' : '+'
  const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0')
  const minutes = String(Math.abs(offset) % 60).padStart(2, '0')
  return `${local(atMs, zone).slice(0, 19)}${sign}${hours}:${minutes}`
}

const written = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?)?(Z|[+-]\d{2}:\d{2})?$/

/** `2026-12-01T08:00`, in local time unless a zone follows; a day alone begins at midnight. Null where it is no moment. */
export function parseMoment(text: string, zone: ZoneMinutes): number | null {
  const [, day, time = '00:00', seconds = ':00', offset] = written.exec(text.trim()) ?? []
  if (day === undefined) return null
  const asUtc = Date.parse(`${day}T${time}${seconds}Z`)
  // What the calendar has not, such as 31 April, is read as another day by some engines: it must come back as written.
  if (Number.isNaN(asUtc) || new Date(asUtc).toISOString().slice(0, 10) !== day) return null
  if (offset !== undefined) return Date.parse(`${day}T${time}${seconds}${offset}`)
  const guess = asUtc - zone(asUtc) * 60_000
  return asUtc - zone(guess) * 60_000
}

/** `14:02:11.120` */
export const localClock = (atMs: number, zone: ZoneMinutes): string => local(atMs, zone).slice(11, 23)

/** `2026-01-05` */
export const localDay = (atMs: number, zone: ZoneMinutes): string => local(atMs, zone).slice(0, 10)

/** `3 min ago`, `in 2 h`, `now`. */
export function relative(atMs: number, nowMs: number): string {
  const away = Math.abs(nowMs - atMs)
  if (away < 1_000) return 'now'
  // A password of 48 hours, made a moment ago, still has 48 hours to a person.
  return atMs < nowMs ? `${rough(away)} ago` : `in ${rough(away + Math.min(500, away / 100))}`
}

/** `180 ms`, `2.4 s`, `3 min 12 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 0) return `-${duration(-ms)}`
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const
  const first = units.findIndex(([, size]) => ms >= size)
  const [big, small] = [units[first], units[first + 1]]
  if (!big || !small) return `${Math.floor(ms / 1_000)} s`
  const rest = Math.floor((ms % big[1]) / small[1])
  return `${Math.floor(ms / big[1])} ${big[0]}${rest > 0 ? ` ${rest} ${small[0]}` : ''}`
}

/** A duration of which an end is known to the second alone: `< 1 s`, `~4 s`, `~3 min 12 s`. */
export function roughly(ms: number): string {
  if (ms < 1_000) return '< 1 s'
  return ms < 60_000 ? `~${Math.round(ms / 1_000)} s` : `~${duration(ms)}`
}

/** The moment as ISO 8601 with how far away it is. */
export const moment = (atMs: number, nowMs: number, zone: ZoneMinutes): string =>
  `${localIso(atMs, zone)} (${relative(atMs, nowMs)})`

function rough(ms: number): string {
  if (ms < 60_000) return `${Math.floor(ms / 1_000)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`
  if (ms < 172_800_000) return `${Math.floor(ms / 3_600_000)} h`
  return `${Math.floor(ms / 86_400_000)} d`
}

const local = (atMs: number, zone: ZoneMinutes): string => new Date(atMs + zone(atMs) * 60_000).toISOString()
