/** A user's look into a mailbox: every message of ours with its UID, its id and the digest of its text. */
import { RawImap } from '../contract/imap-server-raw.ts'
import { digestOf, type Mailbox } from './load-mail.ts'
import type { Found } from './oracle.ts'

export interface Look {
  readonly uidValidity: number
  readonly found: readonly Found[]
}

/** What is there from UID `first` on. */
export async function lookInto(port: number, { address, password }: Mailbox, first = 1): Promise<Look> {
  const imap = await RawImap.connect(port)
  try {
    await imap.login({ name: address, password })
    const { untagged } = await imap.ok('EXAMINE INBOX')
    const uidValidity = Number(/UIDVALIDITY (\d+)/.exec(untagged.join('\n'))?.[1])
    const fetched = await imap.ok(`UID FETCH ${first}:* (UID BODY.PEEK[])`)
    const found = fetched.untagged.flatMap(foundIn).filter(({ uid }) => uid >= first)
    return { uidValidity, found }
  } finally {
    imap.close()
  }
}

function foundIn(response: string): Found[] {
  const uid = Number(/UID (\d+)/.exec(response)?.[1])
  const literal = /BODY\[\] \{(\d+)\}\r\n/.exec(response)
  if (!literal || !(uid > 0)) return []
  const start = literal.index + literal[0].length
  const raw = response.slice(start, start + Number(literal[1]))
  // What the server put before the message (Received, Return-Path) is its own.
  const own = raw.indexOf('From: torture@client.test')
  const id = /^X-Torture: (.+)$/m.exec(raw)?.[1]?.trim() ?? ''
  return [{ uid, id, digest: digestOf(raw.slice(Math.max(0, own))) }]
}
