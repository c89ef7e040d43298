/** Reads the replies of an LMTP server (RFC 2033; their form is that of RFC 5321 section 4.2), strictly and bounded. */

export interface LmtpReply {
  readonly code: number
  /** The lines' texts, joined by line feeds; latin1, as they came. */
  readonly text: string
}

export interface ReplyReader {
  /** The replies that are complete now, in their order; those before something that is none count. */
  feed(chunk: string): readonly LmtpReply[]
  /** Something came that is no reply; nothing after it is looked at. */
  broken(): boolean
}

/** RFC 5321 section 4.5.3.1.5 allows 512; servers that name a mailbox or a reason may say more. */
export const replyLineMax = 2_048
/** Lines of one reply: a greeting lists a few dozen extensions at most. */
export const replyLinesMax = 128

const replyLine = /^([2-5][0-9]{2})(?:([ -])(.*))?$/s

/** @returns a reader that takes a conversation in whatever pieces (latin1) the network cuts it into */
export function makeReplyReader(): ReplyReader {
  let rest = ''
  let lines: string[] = []
  let code = 0
  let broken = false

  /** The reply that this line completes, `more` where it goes on, null where it is none. */
  const take = (line: string): LmtpReply | 'more' | null => {
    const match = replyLine.exec(line)
    if (!match || /[\r\n\0]/.test(line)) return null
    const said = Number(match[1])
    if (lines.length > 0 && said !== code) return null
    if (lines.length >= replyLinesMax) return null
    code = said
    lines.push(match[3] ?? '')
    if (match[2] === '-') return 'more'
    const text = lines.join('\n')
    lines = []
    return { code, text }
  }

  return {
    feed: (chunk) => {
      const replies: LmtpReply[] = []
      if (!broken) rest += chunk
      for (let end = rest.indexOf('\r\n'); end >= 0 && !broken; end = rest.indexOf('\r\n')) {
        const reply = end > replyLineMax ? null : take(rest.slice(0, end))
        rest = rest.slice(end + 2)
        broken = reply === null
        if (reply && reply !== 'more') replies.push(reply)
      }
      broken ||= rest.length > replyLineMax + 1
      return replies
    },
    broken: () => broken,
  }
}
