/**
 * The text after DATA (RFC 5321 sections 4.1.1.4 and 4.5.2), read strictly: a line ends with CR LF and nothing
 * else, a line that is one dot ends the text, a dot before anything else is taken away. A bare CR or LF is
 * refused, since servers that read them differently let one message smuggle another.
 */
export type DataStep =
  | { readonly kind: 'more'; readonly content: Buffer }
  | { readonly kind: 'end'; readonly content: Buffer; readonly rest: Buffer }
  | { readonly kind: 'bare_line_end' }

const CR = 13
const LF = 10

/**
 * All that is looked at: a bare CR, a bare LF, and a dot at a line's beginning. Most mails have one such place, their
 * end, and a pattern finds it several times faster than a walk from line to line.
 */
const places = /\r(?!\n)|(?<!\r)\n|(?<=^|\r\n)\./g

/** Makes the reader of one message's text; it is fed chunks until it says `end` or `bare_line_end`. */
export function makeDataPhase(): (chunk: Buffer) => DataStep {
  let carry = Buffer.alloc(0)
  let lineStart = true
  return (chunk) => {
    const data = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk
    const text = makeRuns(data)
    let stop = data.length
    for (const { index: at } of data.toString('latin1').matchAll(places)) {
      const place = judge(data, at, lineStart)
      if (place === 'bare_line_end') return { kind: place }
      if (place === 'end') return { kind: place, content: text.upTo(at), rest: data.subarray(at + 3) }
      if (place === 'extra') text.leaveOut(at, at + 1)
      if (place !== 'unknown') continue
      stop = at
      break
    }
    carry = Buffer.from(data.subarray(stop))
    // A carried CR or dot stands where it stood; only what was passed on moves the line's beginning.
    if (stop > 0) lineStart = data[stop - 1] === LF
    return { kind: 'more', content: text.upTo(stop) }
  }
}

/** `unknown`: the bytes that tell are still to come. `text`: a dot like any other. */
type Place = 'bare_line_end' | 'end' | 'extra' | 'unknown' | 'text'

function judge(data: Buffer, at: number, lineStart: boolean): Place {
  const [byte, first, second] = [data[at], data[at + 1], data[at + 2]]
  if (byte === LF) return 'bare_line_end'
  if (byte === CR) return first === undefined ? 'unknown' : 'bare_line_end'
  if (at === 0 && !lineStart) return 'text'
  if (first === undefined || (first === CR && second === undefined)) return 'unknown'
  return first === CR && second === LF ? 'end' : 'extra'
}

/** What stands together is passed on together: a run ends where a dot is taken away. */
function makeRuns(data: Buffer) {
  const runs: Buffer[] = []
  let start = 0
  return {
    leaveOut: (from: number, to: number): void => {
      if (from > start) runs.push(data.subarray(start, from))
      start = to
    },
    upTo: (end: number): Buffer => {
      if (runs.length === 0) return data.subarray(start, end)
      return Buffer.concat([...runs, data.subarray(start, end)])
    },
  }
}
