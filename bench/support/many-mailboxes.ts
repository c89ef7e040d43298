/** A Dovecot with thousands of mailboxes, each with a mail in it, as a site has them. */
import { randomBytes } from 'node:crypto'
import { chown, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MailAddress } from '#kernel/brand.ts'
import { type Dovecot, type DovecotOptions, startDovecot } from '../../test/support/dovecot.ts'

export interface MailSite {
  readonly dovecot: Dovecot
  /** In the order of their numbers: `u00000@example.test` … */
  readonly owners: readonly MailAddress[]
  /** Puts a mail where a delivery agent would; the server sees it when it next looks. */
  deliver(owner: MailAddress, raw: string): Promise<void>
  stop(): Promise<void>
}

/** Files made at the same time; more gain nothing. */
const atOnce = 32
const oldMail = 'From: somebody@example.test\r\nSubject: An old mail\r\n\r\nHello.\r\n'

/** @param more TLS, or the push hook */
export async function startMailSite(
  count: number,
  more: Omit<DovecotOptions, 'users'> = {},
): Promise<MailSite> {
  const owners = Array.from(
    { length: count },
    (_, i) => `u${String(i).padStart(5, '0')}@example.test` as MailAddress,
  )
  const dovecot = await startDovecot({
    users: owners.map((address) => ({ address, password: 'a user password' })),
    ...more,
  })
  const home = (owner: MailAddress) => join(dovecot.directory, 'mail', owner)
  const site: MailSite = {
    dovecot,
    owners,
    deliver: async (owner, raw) => {
      const name = `${Date.now()}.${randomBytes(8).toString('hex')}.bench`
      const tmp = join(home(owner), 'tmp', name)
      await writeFile(tmp, raw)
      await giveAway(tmp)
      await rename(tmp, join(home(owner), 'new', name))
    },
    stop: () => dovecot.stop(),
  }
  await inLanes(owners, async (owner) => {
    for (const path of [home(owner), ...['cur', 'new', 'tmp'].map((name) => join(home(owner), name))]) {
      await mkdir(path)
      await giveAway(path)
    }
    await site.deliver(owner, oldMail)
  })
  return site
}

/** Mail belongs to whom the server's mail processes run as, which is another user where root starts them. */
async function giveAway(path: string): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, 8, 8)
}

export async function inLanes<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
  lanes = atOnce,
): Promise<void> {
  const rest = items[Symbol.iterator]()
  const lane = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
