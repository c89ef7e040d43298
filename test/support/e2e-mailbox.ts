/** A user's own look into a mailbox, by IMAP: everything a stranger's hand could have changed there. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { connect } from 'node:tls'
import { RawImap } from '../contract/imap-server-raw.ts'
import type { Postkey } from './postkey.ts'

export interface Look {
  readonly uidValidity: number
  /** How many messages no client has claimed to have seen. */
  readonly recent: number
  /** UID, flags, size, time and modification sequence of each message, as the server says them. */
  readonly messages: readonly string[]
}

export interface OwnMailbox {
  /** Without claiming \Recent: EXAMINE. */
  look(folder: string): Promise<Look>
  /** Opens the inbox for writing, which claims \Recent for all that is there, and sets flags on one message. */
  flag(uid: number, flags: string): Promise<void>
  /** Deletes every message of a folder for good. */
  empty(folder: string): Promise<void>
  append(folder: string, raw: Uint8Array): Promise<void>
}

/** Makes a password for the user's mailbox; each call of what is returned is a session of its own that is logged in. */
export async function imapOf(
  t: TestContext,
  postkey: Postkey,
  address: string,
): Promise<() => Promise<RawImap>> {
  const admin = await postkey.admin()
  const { password } = await admin.mailboxes.generatePassword(address)
  await admin.close()
  const ca = readFileSync(join(postkey.data, 'relay-ca.pem'))
  return async () => {
    const socket = connect({ host: '127.0.0.1', port: postkey.ports.imapTls, servername: 'localhost', ca })
    await once(socket, 'secureConnect')
    const imap = new RawImap(socket)
    t.after(() => imap.close())
    await imap.response()
    return imap.login({ name: address, password })
  }
}

export async function openMailbox(t: TestContext, postkey: Postkey, address: string): Promise<OwnMailbox> {
  const imap = await (await imapOf(t, postkey, address))()
  return {
    look: async (folder) => {
      const { untagged } = await imap.ok(`EXAMINE ${folder}`)
      const number = (pattern: RegExp) => Number(pattern.exec(untagged.join('\n'))?.[1] ?? -1)
      const fetched = await imap.ok('UID FETCH 1:* (UID FLAGS RFC822.SIZE INTERNALDATE MODSEQ)')
      await imap.ok('CLOSE')
      return {
        uidValidity: number(/UIDVALIDITY (\d+)/),
        recent: number(/^\* (\d+) RECENT$/m),
        messages: fetched.untagged
          .filter((line) => line.includes(' FETCH '))
          .map((line) => line.replace(/^\* \d+ /, '')),
      }
    },
    flag: async (uid, flags) => {
      await imap.ok('SELECT INBOX')
      await imap.ok(`UID STORE ${uid} FLAGS (${flags})`)
      await imap.ok('CLOSE')
    },
    empty: async (folder) => {
      await imap.ok(`SELECT ${folder}`)
      await imap.ok('UID STORE 1:* FLAGS (\\Deleted)')
      await imap.ok('EXPUNGE')
      await imap.ok('CLOSE')
    },
    append: async (folder, raw) => {
      await imap.command(`CREATE ${folder}`)
      await imap.ok(`APPEND ${folder} `, raw)
    },
  }
}
