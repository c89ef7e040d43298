// One IMAP session written by hand: tests see the server's own lines, with no client library in between.

import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface SessionOptions {
  /** TLS from the first byte, verified with this CA. */
  readonly ca?: string
  /** Longest silence of the server, 10 seconds without it. */
  readonly timeoutMs?: number
}

/**
 * Sends the commands one after the other's answer, with tags A1, A2 … and a LOGOUT at the end, and returns every
 * line the server sent. Commands hold no literals. Rejects after `timeoutMs` without a byte.
 */
export async function imapLines(
  port: number,
  commands: readonly string[],
  { ca, timeoutMs = 10_000 }: SessionOptions = {},
): Promise<readonly string[]> {
  const to = { host: '127.0.0.1', port }
  const socket = ca === undefined ? connect(to) : connectTls({ ...to, ca })
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`IMAP port ${port} is silent`)))
  socket.setEncoding('latin1')
  const waiting = [...commands, 'LOGOUT'].map((command, index) => `A${index + 1} ${command}\r\n`)
  const lines: string[] = []
  let rest = ''
  const take = (line: string): void => {
    lines.push(line)
    const next = lines.length === 1 || /^A\d+ /.test(line) ? waiting.shift() : undefined
    if (next !== undefined) socket.write(next, 'latin1')
  }
  socket.on('data', (chunk) => {
    const pieces = (rest + chunk).split('\r\n')
    rest = pieces.pop() ?? ''
    pieces.forEach(take)
  })
  await once(socket, 'close')
  return lines
}

/** SASL PLAIN with an initial response: log in as `user` with `account`'s password. */
export function authenticateAs(
  user: string,
  account: { readonly user: string; readonly pass: string },
): string {
  const response = Buffer.from(`${user}\0${account.user}\0${account.pass}`).toString('base64')
  return `AUTHENTICATE PLAIN ${response}`
}

/** The status words (`OK`, `NO`, `BAD`) of the commands, the LOGOUT's last. */
export function statuses(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => /^A\d+ (OK|NO|BAD)/.exec(line)?.[1] ?? [])
}
