/** One message by its UID: its bytes, and its removal. */
import { assert } from '#kernel/assert.ts'
import { Fault } from '#kernel/fault.ts'
import { isFetch, type Opened, openedFrom, readFetch } from './imap-replies.ts'
import { faultOf, type ImapSession } from './imap-session.ts'
import type { MailboxRights, MessageName } from './mailbox.ts'

/** @returns null when the message is gone */
export async function fetchRaw(
  session: ImapSession,
  name: string,
  { uid, uidValidity }: MessageName,
  bytesMax: number,
): Promise<Uint8Array | null> {
  const opened = session.opened?.name === name ? session.opened : await open(session, 'EXAMINE', name)
  if (opened.uidValidity !== uidValidity) return null
  const [fetched] = await session.ask([`UID FETCH ${uid} (UID BODY.PEEK[]<0.${bytesMax}>)`])
  assert(fetched, 'each command has its answer')
  if (fetched.status !== 'OK') throw faultOf(name, fetched)
  const messages = await Promise.all(fetched.untagged.filter(isFetch).map(readFetch))
  const source = messages.find((message) => message.uid === uid)?.source
  return source ? new Uint8Array(source.subarray(0, bytesMax)) : null
}

/**
 * One step at a time: Dovecot answers a FETCH before the STORE and the EXPUNGE that were sent ahead of it. Without UIDPLUS
 * an EXPUNGE would take the user's own deleted messages along: the message is marked alone.
 */
export async function removeMessage(
  session: ImapSession,
  name: string,
  { uid, uidValidity }: MessageName,
): Promise<'removed' | 'marked' | 'gone'> {
  const opened = await open(session, 'SELECT', name)
  if (opened.uidValidity !== uidValidity || !(await isThere(session, uid))) return 'gone'
  const byUid = session.client.capabilities.has('UIDPLUS')
  const isStored = await isDone(session, `UID STORE ${uid} +FLAGS (\\Deleted)`)
  if (isStored && !byUid) return 'marked'
  // A server may say OK to what it does not let this account do.
  if (isStored && (await isDone(session, `UID EXPUNGE ${uid}`)) && !(await isThere(session, uid)))
    return 'removed'
  throw new Fault('imap.no_right', `${name}: delete UID ${uid}`)
}

/** Flags that the server lets this account change for good (RFC 3501 section 7.1, RFC 4314 section 5.2). */
export async function rightsIn(session: ImapSession, name: string): Promise<MailboxRights> {
  const { permanentFlags, isReadOnly } = await open(session, 'SELECT', name)
  const may = (flag: string): boolean =>
    !isReadOnly && permanentFlags.some((one) => one.toLowerCase() === flag)
  return { seen: may('\\seen'), remove: may('\\deleted') }
}

/** @throws Fault why it cannot be opened */
async function open(
  session: ImapSession,
  verb: 'SELECT' | 'EXAMINE',
  name: string,
): Promise<Opened & { readonly isReadOnly: boolean }> {
  const [answer] = await session.ask([`${verb} ${session.quoted(name)}`])
  assert(answer, 'each command has its answer')
  session.opened = null
  if (answer.status !== 'OK') throw await session.refusal(name, answer)
  const opened = openedFrom(name, answer.untagged)
  session.opened = { name, uidValidity: opened.uidValidity }
  return { ...opened, isReadOnly: answer.code === 'READ-ONLY' }
}

const isDone = async (session: ImapSession, command: string): Promise<boolean> =>
  (await session.ask([command])).every(({ status }) => status === 'OK')

async function isThere(session: ImapSession, uid: number): Promise<boolean> {
  const [answer] = await session.ask([`UID FETCH ${uid} (UID)`])
  const messages = await Promise.all((answer?.untagged ?? []).filter(isFetch).map(readFetch))
  return messages.some((message) => message.uid === uid)
}
