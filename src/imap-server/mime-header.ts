/** Header fields of a message or MIME part, found in place in the raw bytes (RFC 5322 section 2.2). */

/** Fields looked at per header; what comes after them stays in the bytes and is not interpreted. */
const fieldsMax = 10_000
/** A field longer than this is cut where it is interpreted; never where it is shown. */
const valueBytesMax = 64 * 1024

const LF = 10
const CR = 13
const TAB = 9
const SPACE = 32
const COLON = 58

export interface HeaderField {
  /** Lower case. */
  readonly name: string
  /** The field with its folded lines and last line end: `[start, end)`. */
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

/** Where the body of `[start, end)` begins: after the first empty line, or at `end` where there is none. */
export function findBodyStart(raw: Buffer, start: number, end: number): number {
  let at = start
  while (at < end) {
    if (raw[at] === LF) return at + 1
    if (raw[at] === CR && at + 1 < end && raw[at + 1] === LF) return at + 2
    at = nextLine(raw, at, end)
  }
  return end
}

export function headerFields(raw: Buffer, start: number, bodyStart: number): HeaderField[] {
  const fields: HeaderField[] = []
  let at = start
  while (at < bodyStart && fields.length < fieldsMax) {
    let end = nextLine(raw, at, bodyStart)
    while (end < bodyStart && (raw[end] === SPACE || raw[end] === TAB)) end = nextLine(raw, end, bodyStart)
    const colon = raw.subarray(at, Math.min(end, at + 1_000)).indexOf(COLON)
    if (colon > 0) {
      const name = raw
        .toString('latin1', at, at + colon)
        .trimEnd()
        .toLowerCase()
      fields.push({ name, start: at, valueStart: at + colon + 1, end })
    }
    at = end
  }
  return fields
}

/** The field's text on one line, without surrounding white space, as latin1. */
export function fieldText(raw: Buffer, field: HeaderField): string {
  const end = Math.min(field.end, field.valueStart + valueBytesMax)
  return raw
    .toString('latin1', field.valueStart, end)
    .replace(/\r?\n(?=[ \t])/g, '')
    .replace(/[\r\n]+/g, '')
    .trim()
}

/** The first field of this name. */
export function headerText(raw: Buffer, fields: readonly HeaderField[], name: string): string | null {
  const field = fields.find((one) => one.name === name)
  return field ? fieldText(raw, field) : null
}

function nextLine(raw: Buffer, at: number, end: number): number {
  const newline = raw.subarray(at, end).indexOf(LF)
  return newline < 0 ? end : at + newline + 1
}
