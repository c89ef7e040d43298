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
const DOT = 46

/** Makes the reader of one message's text; it is fed chunks until it says `end` or `bare_line_end`. */
export function makeDataPhase(): (chunk: Buffer) => DataStep {
  let carry = Buffer.alloc(0)
  let lineStart = true
  return (chunk) => {
    const data = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk
    const text = makeRuns(data)
    let at = 0
    for (let more = true; more && at < data.length; ) {
      const line = lineAt(data, at, lineStart)
      if (line === 'bare_line_end') return { kind: line }
      if (line === 'end') return { kind: line, content: text.upTo(at), rest: data.subarray(at + 3) }
      if (line === 'unknown') break
      if (line.from > at) text.leaveOut(at, line.from)
      if (line.end > at) lineStart = line.complete
      at = line.end
      more = line.complete
    }
    carry = Buffer.from(data.subarray(at))
    return { kind: 'more', content: text.upTo(at) }
  }
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

interface Line {
  readonly from: number
  readonly end: number
  readonly complete: boolean
}

function lineAt(data: Buffer, at: number, lineStart: boolean): Line | 'bare_line_end' | 'end' | 'unknown' {
  const dot = lineStart && data[at] === DOT ? leadingDot(data, at) : 'none'
  if (dot === 'end' || dot === 'unknown') return dot
  return restOfLine(data, dot === 'extra' ? at + 1 : at)
}

/** What a dot at a line's beginning is; `unknown` while the bytes that tell are still to come. */
function leadingDot(data: Buffer, at: number): 'unknown' | 'end' | 'extra' {
  const [first, second] = [data[at + 1], data[at + 2]]
  if (first === undefined || (first === CR && second === undefined)) return 'unknown'
  return first === CR && second === LF ? 'end' : 'extra'
}

/** The line or its beginning; a CR at the very end waits for what follows it. */
function restOfLine(data: Buffer, from: number): Line | 'bare_line_end' {
  const newline = data.indexOf(LF, from)
  const stop = newline < 0 ? data.length : newline + 1
  const found = data.indexOf(CR, from)
  const cr = found < stop ? found : -1
  if (newline >= 0)
    return cr >= 0 && cr === newline - 1 ? { from, end: stop, complete: true } : 'bare_line_end'
  if (cr < 0) return { from, end: stop, complete: false }
  return cr === data.length - 1 ? { from, end: cr, complete: false } : 'bare_line_end'
}
