// The embedded mail server over a store of its own, as tests start it.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashPassword } from '#crypto/password-hash.ts'
import { type ImapServer, type ImapServerOptions, startImapServer } from '#imap-server/start-imap-server.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { silentLog } from '#kernel/log.ts'
import { canonicalEmail } from '#protocol/canonical.ts'
import type { Delivered } from '#store/mail.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import type { Store } from '#store/store.ts'

export const realClock: Clock = {
  nowMs: Date.now,
  monotonicMs: () => performance.now(),
  after: (delayMs, fn) => {
    const timer = setTimeout(fn, delayMs)
    return () => clearTimeout(timer)
  },
}

export function canonicalAddress(text: string): MailAddress | null {
  const decoded = canonicalEmail(text)
  return decoded.ok ? decoded.value : null
}

export function address(text: string): MailAddress {
  const canonical = canonicalAddress(text)
  if (!canonical) throw new Error(`not an address: ${text}`)
  return canonical
}

export interface MailStoreUnderTest {
  readonly store: Store
  readonly path: string
  stop(): Promise<void>
}

export async function openMailStore(): Promise<MailStoreUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'postkey-mail-'))
  const path = join(directory, 'store.sqlite')
  const store = openSqliteStore({ path, writer: 'thread', nowMs: Date.now })
  return {
    store,
    path,
    stop: async () => {
      await store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export interface EmbeddedUser {
  readonly address: string
  readonly password: string
  readonly aliases?: readonly string[]
}

export interface EmbeddedMail {
  readonly store: Store
  readonly imap: ImapServer
  deliver(to: string | readonly string[], raw: Uint8Array): Promise<readonly Delivered[]>
  stop(): Promise<void>
}

export const service = { name: 'svc', password: 'the service secret' }

const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) }

/** Users can log in; the service account is `service`. */
export async function startEmbeddedMail(
  users: readonly EmbeddedUser[],
  options: Partial<ImapServerOptions> = {},
): Promise<EmbeddedMail> {
  const opened = await openMailStore()
  const { store } = opened
  for (const user of users) {
    await store.mail.createAccount(address(user.address), (user.aliases ?? []).map(address), Date.now())
    await store.mail.setPassword(address(user.address), await hashPassword(user.password, random))
  }
  const passwordHash = await hashPassword(service.password, random)
  const imap = await startImapServer({
    store,
    clock: realClock,
    log: silentLog,
    host: '127.0.0.1',
    port: 0,
    serviceAccounts: [{ name: service.name, passwordHash }],
    canonicalAddress,
    ...options,
  })
  return {
    store,
    imap,
    deliver: (to, raw) => deliverTo(store, typeof to === 'string' ? [to] : to, raw),
    stop: async () => {
      await imap.close()
      await opened.stop()
    },
  }
}

export const deliverTo = (store: Store, to: readonly string[], raw: Uint8Array) =>
  store.mail.deliver({
    recipients: to.map(address),
    raw,
    nowMs: Date.now(),
  })
