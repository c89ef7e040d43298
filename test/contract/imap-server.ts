// What any IMAP server must do for Postkey's agent and for mail clients: run on ours and on Dovecot.

import { after, before, suite } from 'node:test'
import { messageTests } from './imap-server-changes.ts'
import { fetchTests } from './imap-server-fetch.ts'
import { loginTests } from './imap-server-login.ts'
import { mailboxTests } from './imap-server-mailboxes.ts'
import { RawImap } from './imap-server-raw.ts'
import { searchTests } from './imap-server-search.ts'

export interface ImapLogin {
  readonly name: string
  readonly password: string
}

export interface ImapUnderTest {
  readonly port: number
  /** A mailbox owner; `address` is the log-in name. */
  readonly user: ImapLogin
  readonly other: ImapLogin
  /** May log in as any user by authzid. */
  readonly service: ImapLogin
  stop(): Promise<void>
}

/** What the groups of tests share: the running server, and a new mailbox for each test. */
export interface Bench {
  readonly server: () => ImapUnderTest
  /** Logged in as the user. */
  connect(): Promise<RawImap>
  /** A name no test has used. */
  freshName(): string
  /** Logged in, with a new mailbox of these messages selected. */
  withMessages(...messages: readonly Uint8Array[]): Promise<{ client: RawImap; mailbox: string }>
}

export function imapServerContract(
  name: string,
  start: () => Promise<ImapUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  suite(`${name} is an IMAP server as Postkey needs it`, { skip: options.skip ?? false }, () => {
    let running: ImapUnderTest | undefined
    const clients: RawImap[] = []
    let names = 0
    const server = (): ImapUnderTest => {
      if (!running) throw new Error('the server is not running')
      return running
    }
    const connect = async () => {
      const client = await RawImap.connect(server().port)
      clients.push(client)
      return await client.login(server().user)
    }
    const freshName = () => {
      names += 1
      return `Box${names}`
    }
    const withMessages = async (...messages: readonly Uint8Array[]) => {
      const client = await connect()
      const mailbox = freshName()
      await client.ok(`CREATE ${mailbox}`)
      for (const message of messages) await client.ok(`APPEND ${mailbox} `, message)
      await client.ok(`SELECT ${mailbox}`)
      return { client, mailbox }
    }
    before(async () => {
      running = await start()
    })
    after(async () => {
      for (const client of clients) client.close()
      await running?.stop()
    })
    const bench: Bench = { server, connect, freshName, withMessages }
    loginTests(bench)
    mailboxTests(bench)
    fetchTests(bench)
    messageTests(bench)
    searchTests(bench)
  })
}
