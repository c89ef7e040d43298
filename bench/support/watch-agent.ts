/** The agent's watching half as it ships, on a store of its own, with what it finds noted. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startExtractor } from '#agent/extract-worker.ts'
import { makeGrantWatch } from '#agent/grant-watch.ts'
import type { FoundBatch, FoundMail } from '#agent/intake.ts'
import { makeMailboxes } from '#agent/mailboxes.ts'
import { makeNews } from '#agent/news.ts'
import { makeScan } from '#agent/scan.ts'
import type { WatchContext } from '#agent/watch/context.ts'
import { makeLadder } from '#agent/watch/ladder.ts'
import { makePass, type Pass } from '#agent/watch/pass.ts'
import type { WatchingParts } from '#agent/watching.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { type Log, silentLog } from '#kernel/log.ts'
import { inbox, namespaceAccess } from '#mailbox/access.ts'
import { imapMailServer } from '#mailbox/imap-mailbox.ts'
import type { MailboxAbilities, MailServer } from '#mailbox/mailbox.ts'
import { makePool } from '#mailbox/pool.ts'
import { loginKey } from '#mailbox/pool-slots.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import type { Dovecot } from '../../test/support/dovecot.ts'

export interface FoundNote {
  readonly owner: MailAddress
  readonly mail: FoundMail
  readonly atMs: number
}

/** What `startWatching` and its parts need, but for how closely. */
export function agentParts(
  dovecot: Dovecot,
  owners: readonly MailAddress[],
  live: readonly MailAddress[] = [],
) {
  const directory = mkdtempSync(join(tmpdir(), 'postkey-bench-'))
  const store = openSqliteStore({ path: join(directory, 'agent.db'), writer: 'thread', nowMs: Date.now })
  const found: FoundNote[] = []
  const passesMs: number[] = []
  const debug: Log['debug'] = ({ tookMs }, message) => {
    if (message === 'the counters were looked at') passesMs.push(Number(tookMs))
  }
  const extractor = startExtractor({ clock: systemClock })
  const { user, pass } = dovecot.serviceAccount
  const address = { host: dovecot.host, port: dovecot.imapPort, tls: 'none' } as const
  const parts: WatchingParts = {
    server: imapMailServer(address, { user, password: pass }, systemClock),
    access: namespaceAccess('all/{address}'),
    extractor,
    store,
    clock: systemClock,
    random: systemRandom,
    log: { ...silentLog, debug },
    served: async () => owners,
    liveGrants: async () => live,
    intake: async ({ owner, cursor, mails }: FoundBatch) => {
      const atMs = performance.now()
      await store.watches.move([cursor], Date.now())
      found.push(...mails.map((mail) => ({ owner, mail, atMs })))
      return { accepted: [], seen: [] }
    },
  }
  const close = async () => {
    await extractor.close()
    await store.close()
    rmSync(directory, { recursive: true, force: true })
  }
  /** `passesMs`: how long each look at the counters took. */
  return { parts, found, passesMs, close }
}

export interface Passes {
  /** Looks at the counters of every mailbox once; resolves when every mailbox with news was read as well. */
  lookAtAll(): Promise<void>
  /** Reads these mailboxes. */
  read(owners: readonly MailAddress[]): Promise<void>
  close(): Promise<void>
}

/** One pass at a time, when it is asked for; `without`: abilities that the agent is told the server lacks. */
export async function startPasses(
  parts: WatchingParts,
  connectionsMax: number,
  without: Partial<MailboxAbilities> = {},
): Promise<Passes> {
  const { clock, random, log } = parts
  const ladder = makeLadder(
    {
      strategy: 'auto',
      isNamespace: true,
      relayHint: false,
      pushHook: false,
      idleConnectionsMax: 0,
    },
    parts,
  )
  const server = ladder.learning(limited(parts.server, without))
  ladder.watched((await parts.served()).length)
  const pool = makePool({ server, connectionsMax, clock, random })
  const mailboxes = makeMailboxes(parts.store.watches, { clock, log })
  await mailboxes.load()
  const grants = makeGrantWatch(parts)
  const scan = makeScan(
    { ...parts, pool, mailboxes, isLive: grants.isLive, isHinted: () => false },
    { removeAccepted: false, onSeen: () => {} },
  )
  const news = makeNews({
    scan,
    lineOf: (watched) => loginKey(parts.access.place(watched).login),
    scannersMax: connectionsMax,
    clock,
    random,
    onError: (watched, error) => {
      throw new Error(watched.owner, { cause: error })
    },
  })
  const context: WatchContext = { ...parts, server, pool, news, mailboxes, grants, ladder, junk: null }
  const pass: Pass = makePass(context)
  const quiet = async () => {
    while (news.stats().news + news.stats().scanning > 0)
      await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const watched = (await parts.served()).map((owner) => ({ owner, folder: inbox }))
  return {
    lookAtAll: async () => {
      await pass.look(watched)
      await quiet()
    },
    read: async (owners) => {
      for (const owner of owners) news.add({ owner, folder: inbox }, 'scan')
      await quiet()
    },
    close: async () => {
      const ended = [news.close(), pass.close(), grants.close()]
      await pool.close()
      await Promise.all(ended)
      await mailboxes.close()
    },
  }
}

const limited = (server: MailServer, without: Partial<MailboxAbilities>): MailServer => ({
  connect: async (login) => {
    const connection = await server.connect(login)
    return { ...connection, abilities: { ...connection.abilities, ...without } }
  },
})
