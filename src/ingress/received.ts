/** Trace information (RFC 5321 section 4.4): the one thing the server adds to a message. */

export interface Hop {
  /** What the client called itself. */
  readonly helo: string
  readonly remoteAddress: string
  readonly serverName: string
  /** `ESMTP`, `ESMTPS` … */
  readonly protocol: string
  readonly id: string
  /** Named only when there is one recipient: a list would tell each of the others. */
  readonly recipient: string | null
  readonly nowMs: number
}

/** Hops before this one after which a message is going round in circles (RFC 5321 section 6.3). */
const hopsMax = 100

export function receivedHeader(hop: Hop): Uint8Array {
  const literal = hop.remoteAddress.includes(':') ? `IPv6:${hop.remoteAddress}` : hop.remoteAddress
  const recipient = hop.recipient ? `\r\n\tfor <${hop.recipient}>` : ''
  const date = new Date(hop.nowMs).toUTCString().replace('GMT', '+0000')
  const text =
    `Received: from ${plain(hop.helo)} ([${literal}])\r\n` +
    `\tby ${plain(hop.serverName)} with ${hop.protocol} id ${hop.id}${recipient};\r\n\t${date}\r\n`
  return Buffer.from(text, 'utf8')
}

/** The client's words stand in a header: only what a host name or address literal has. */
const plain = (text: string): string => text.replace(/[^A-Za-z0-9.:[\]_-]/g, '_').slice(0, 255) || 'unknown'

/** @param raw begins with this server's own Received */
export function isLooping(raw: Uint8Array): boolean {
  const looked = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.length, 256 * 1024))
  const end = looked.indexOf('\r\n\r\n')
  const header = looked.toString('latin1', 0, end < 0 ? looked.length : end + 2)
  return (header.match(/^received:/gim)?.length ?? 0) > hopsMax + 1
}
