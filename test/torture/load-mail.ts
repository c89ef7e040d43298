/** Mail under load: SMTP and APPEND clients that go on through every death of the server, and note what it promised. */
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import { RawImap } from '../contract/imap-server-raw.ts'
import { RawSmtp } from '../contract/smtp-raw.ts'
import type { Chance } from './chance.ts'
import type { MailNote } from './oracle.ts'

export interface Mailbox {
  readonly address: string
  readonly password: string
}

export interface MailLoad {
  readonly notes: Map<string, MailNote>
  readonly ports: { readonly smtp: number; readonly imap: number }
  readonly mailboxes: readonly Mailbox[]
  readonly chance: Chance
  /** Aborts the load: what is under way is still brought to its end. */
  readonly stop: AbortSignal
}

/** A server that is gone says nothing: whoever waits for it longer than this asks anew. */
const patienceMs = 10_000
const dialAgainMs = 25
const mailsPerConnection = 50

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Sends mail after mail; one that was not acknowledged is sent again, as a mail server does. */
export async function runSmtpLoad(load: MailLoad): Promise<void> {
  let again: MailNote | null = null
  while (!load.stop.aborted || again) {
    const smtp = await dial(() => RawSmtp.connect(load.ports.smtp))
    if (!smtp) continue
    try {
      for (let i = 0; i < mailsPerConnection && (!load.stop.aborted || again); i += 1) {
        again ??= newNote(load)
        await sendOne(smtp, again)
        again = null
      }
    } catch {
      // The line broke or the server put the mail off: the same mail goes with the next connection.
    } finally {
      smtp.close()
    }
  }
}

/** Appends message after message; an unanswered one is appended again. */
export async function runAppendLoad(load: MailLoad): Promise<void> {
  let again: MailNote | null = null
  while (!load.stop.aborted || again) {
    const imap = await dial(() => RawImap.connect(load.ports.imap))
    if (!imap) continue
    try {
      again ??= newNote(load)
      const { mailbox } = again
      const user = load.mailboxes.find(({ address }) => address === mailbox)
      if (!user) throw new Error(`no mailbox ${mailbox}`)
      await imap.login({ name: user.address, password: user.password })
      for (let i = 0; i < mailsPerConnection && (!load.stop.aborted || again); i += 1) {
        again ??= newNote(load, user)
        await appendOne(imap, again)
        again = null
      }
    } catch {
      // As above.
    } finally {
      imap.close()
    }
  }
}

const texts = new WeakMap<MailNote, string>()

function newNote({ notes, mailboxes, chance }: MailLoad, mailbox = chance.pick(mailboxes)): MailNote {
  const id = randomUUID()
  const lines = Array.from({ length: chance.between(1, 40) }, (_, i) => `${id} line ${i} ${'x'.repeat(60)}`)
  const text = `From: torture@client.test\r\nX-Torture: ${id}\r\nSubject: ${id}\r\n\r\n${lines.join('\r\n')}\r\n`
  const note: MailNote = {
    id,
    mailbox: mailbox.address,
    digest: digestOf(text),
    attempts: 0,
    acked: false,
    uid: null,
  }
  texts.set(note, text)
  notes.set(id, note)
  return note
}

const textOf = (note: MailNote): string => texts.get(note) ?? ''

async function sendOne(smtp: RawSmtp, note: MailNote): Promise<void> {
  await inTime(smtp, smtp.upToData(note.mailbox))
  note.attempts += 1
  const reply = await inTime(smtp, smtp.say(`${textOf(note)}.`))
  if (!reply.startsWith('250 ')) throw new Error(reply)
  note.acked = true
  texts.delete(note)
}

async function appendOne(imap: RawImap, note: MailNote): Promise<void> {
  note.attempts += 1
  const { status, text } = await inTime(imap, imap.command('APPEND INBOX ', Buffer.from(textOf(note))))
  if (status !== 'OK') throw new Error(text)
  const uid = Number(/\[APPENDUID \d+ (\d+)\]/.exec(text)?.[1])
  if (!(uid > 0)) throw new Error(`no UID: ${text}`)
  note.acked = true
  note.uid = uid
  texts.delete(note)
}

async function dial<T>(connect: () => Promise<T>): Promise<T | null> {
  try {
    return await connect()
  } catch {
    await after(dialAgainMs)
    return null
  }
}

async function inTime<T>(line: { close(): void }, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => line.close(), patienceMs)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}
