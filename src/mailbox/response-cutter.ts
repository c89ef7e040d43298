/** Cuts what an IMAP server says into responses: lines, each with the literals it announces (RFC 3501 section 4.3). */
import { Fault } from '#kernel/fault.ts'

export interface ImapResponse {
  /** Latin-1, without the last CRLF. A literal is left out of it; its announcement `{n}` and CRLF stay. */
  readonly text: string
  readonly literals: readonly Buffer[]
}

export interface ResponseLimits {
  /** Bytes of one response, its literals included. */
  readonly responseBytesMax: number
}

const announcement = /\{(\d{1,10})\}$/

export interface ResponseCutter {
  /** The responses that are now whole. @throws Fault imap.protocol beyond the limits */
  push(chunk: Buffer): readonly ImapResponse[]
}

export function makeResponseCutter({ responseBytesMax }: ResponseLimits): ResponseCutter {
  /** Bytes of the server that no response was made of yet; `needed` of them at least before it is worth a look. */
  let rest = ''
  let needed = 0
  let text = ''
  let literals: Buffer[] = []
  let bytes = 0

  const grown = (by: number): void => {
    bytes += by
    if (bytes > responseBytesMax)
      throw new Fault('imap.protocol', `a response of more than ${responseBytesMax} bytes`)
  }

  /** Where the next line ends, or -1; says how much must come first. */
  const lineEnd = (from: number): number => {
    const end = rest.indexOf('\r\n', from)
    if (end < 0) {
      needed = rest.length - from + 1
      if (bytes + needed > responseBytesMax) grown(needed)
    }
    return end
  }

  return {
    push: (chunk) => {
      rest += chunk.toString('latin1')
      if (rest.length < needed) return []
      const responses: ImapResponse[] = []
      let at = 0
      for (let end = lineEnd(at); end >= 0; end = lineEnd(at)) {
        const line = rest.slice(at, end)
        const literal = rest.charCodeAt(end - 1) === 125 ? announcement.exec(line) : null
        const length = literal ? Number(literal[1]) : 0
        grown(line.length + 2 + length)
        if (literal && rest.length < end + 2 + length) {
          bytes -= line.length + 2 + length
          needed = end + 2 + length - at
          break
        }
        at = end + 2 + length
        text += literal ? `${line}\r\n` : line
        if (literal) {
          literals.push(Buffer.from(rest.slice(end + 2, at), 'latin1'))
          continue
        }
        responses.push({ text, literals })
        text = ''
        literals = []
        bytes = 0
      }
      rest = rest.slice(at)
      return responses
    },
  }
}
