/** Puts a message into a mailbox (RFC 3501 section 6.3.11), without flags. */

import { assert } from '#kernel/assert.ts'
import { Fault } from '#kernel/fault.ts'
import { imapDateTime } from './imap-date.ts'
import { faultOf, type ImapSession } from './imap-session.ts'

/** Whoever gives up on it may have been heard all the same, and the mail comes twice. */
const appendMsMax = 300_000

/** Resolves with the server's OK; without a date it is the server's own. @throws Fault with the server's answer as its cause */
export async function appendMessage(
  session: ImapSession,
  name: string,
  raw: Uint8Array,
  internalDateMs = Number.NaN,
): Promise<void> {
  const content = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const { client } = session
  if (!client.capabilities.has('LITERAL+')) {
    // imapflow waits for the server's word before it sends the text.
    const date = Number.isNaN(internalDateMs) ? undefined : new Date(internalDateMs)
    const done = await client.append(name, content, [], date)
    // Without a connection it does nothing, and says nothing.
    if (!done) throw new Fault('imap.unreachable', `${name}: the connection ended`)
    return
  }
  const literal = `{${content.length}+}\r\n${content.toString('latin1')}`
  const date = Number.isNaN(internalDateMs) ? '' : `${imapDateTime(internalDateMs)} `
  const command = `APPEND ${session.quoted(name)} ${date}${literal}`
  const [answer] = await session.ask([command], appendMsMax)
  assert(answer, 'each command has its answer')
  if (answer.status !== 'OK') throw faultOf(name, answer)
}
