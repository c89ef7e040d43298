/** Watches the mailboxes of the users this server serves: whatever hears of news first, one scanner reads it. */
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import type { Random } from '#kernel/random.ts'
import { folderKey, inbox, type MailboxAccess, type WatchedFolder } from '#mailbox/access.ts'
import type { MailServer } from '#mailbox/mailbox.ts'
import { makePool, type Pool, type PoolStats } from '#mailbox/pool.ts'
import { loginKey } from '#mailbox/pool-slots.ts'
import type { Store } from '#store/store.ts'
import type { Extractor } from './extract-worker.ts'
import { makeGrantWatch } from './grant-watch.ts'
import type { FoundBatch, TakenBatch } from './intake.ts'
import type { MailboxesState, MailboxLook } from './mailbox-state.ts'
import { type Mailboxes, makeMailboxes } from './mailboxes.ts'
import { makeNews, type NewsStats } from './news.ts'
import { makeScan } from './scan.ts'
import { keepUntilUsersChange } from './until-users-change.ts'
import type { Rung, WantedStrategy } from './watch/choose.ts'
import { inboxOf, junkOf, type WatchContext } from './watch/context.ts'
import { startIdle } from './watch/idle.ts'
import { startInterval } from './watch/interval.ts'
import { makeLadder } from './watch/ladder.ts'
import { makePass } from './watch/pass.ts'
import { startPoll } from './watch/poll.ts'
import { startProbe } from './watch/probe.ts'
import { startRelayHint } from './watch/relay-hint.ts'

export interface WatchingOptions {
  /** Most connections that scans and passes share. */
  readonly connectionsMax: number
  /** Every mailbox is looked at on a fresh connection this often. */
  readonly scanIntervalMs: number
  readonly relayHint: boolean
  /** Whether the mail server has a hook that tells of mail. */
  readonly pushHook: boolean
  /** How mailboxes are looked at; `auto`: the best way that works. */
  readonly strategy: WantedStrategy
  /** A mailbox for mails that prove the ways of watching; null: they are believed. */
  readonly canary: MailAddress | null
  /** Most further connections that wait with IDLE, each on one user's inbox; 0: none. */
  readonly idleConnectionsMax: number
  /**
   * Pause between looks at the counters while somebody may activate, where nothing better tells of news; a
   * tenth as often otherwise. 0: only the safety pass looks.
   */
  readonly pollMs: number
  /** Name of the Junk folder (or its pattern in the namespace), watched while a grant is live; null: never. */
  readonly junk: string | null
  /** Whether a mail whose seal verified is removed from the mailbox; otherwise it stays, untouched. */
  readonly removeAccepted: boolean
}

export interface WatchingParts {
  readonly server: MailServer
  readonly access: MailboxAccess
  readonly extractor: Extractor
  readonly store: Pick<Store, 'watches' | 'onCommit'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Main addresses of all users whose mailboxes this server watches. */
  served(): Promise<readonly MailAddress[]>
  /** Those of them with a live grant. */
  liveGrants(): Promise<readonly MailAddress[]>
  /** Commits the batch's events and its cursor together. */
  intake(batch: FoundBatch): Promise<TakenBatch | null>
}

export interface Watching {
  /** The relay says that it has just mailed this request to this user. */
  hint(owner: MailAddress, txn: ActivationId): void
  /** Somebody else (a mail server's push hook) says that there is news. */
  pushed(owner: MailAddress, folder?: string): void
  mailboxState(): MailboxesState
  /** How news is heard of, and why not better. */
  ladder(): { readonly rungs: readonly Rung[]; readonly canaryRefused: FaultCode | null }
  lookAt(owner: MailAddress): MailboxLook
  poolStats(): PoolStats & NewsStats & { readonly idling: number }
  /** Ends all watching; resolves when no scan runs and no connection is open. The extractor stays. */
  close(): Promise<void>
}

const servedStaleMs = 60_000

export function startWatching(parts: WatchingParts, options: WatchingOptions): Watching {
  const { clock, random, log } = parts
  const isNamespace = parts.access.listPattern !== null
  const ladder = makeLadder({ ...options, isNamespace }, parts)
  const server = ladder.learning(parts.server)
  const pool = openPool({ ...parts, server }, options, () => idle.refresh())
  const mailboxes = makeMailboxes(parts.store.watches, { clock, log })
  const grants = makeGrantWatch(parts)
  const served = keepUntilUsersChange(parts, parts.served, servedStaleMs)
  const scan = makeScan(
    { ...parts, pool, mailboxes, isLive: grants.isLive, isHinted: (owner) => hints.isOpen(owner) },
    { removeAccepted: options.removeAccepted, onSeen: (txns) => hints.seen(txns) },
  )
  const news = makeNews({
    scan,
    lineOf: (watched) => loginKey(parts.access.place(watched).login),
    scannersMax: options.connectionsMax,
    clock,
    random,
    onError: (watched, error) => noteUnread({ mailboxes, log }, watched, error),
  })
  const context: WatchContext = {
    ...parts,
    server,
    pool,
    news,
    mailboxes,
    grants,
    ladder,
    junk: options.junk,
    served: async () => [...(await served.read())],
  }
  const hints = startRelayHint(context)
  const idle = startIdle(context, options.idleConnectionsMax)
  const pass = makePass(context)
  const poll = startPoll(context, pass, { pauseMs: options.pollMs, isCovered: idle.covers })
  const probe = options.canary ? startProbe(context, options.canary) : null
  const interval = startInterval(context, pass, options.scanIntervalMs)
  const stopLooking = lookWhereGrantsOpen(context, idle.refresh)
  return {
    hint: (owner, txn) => {
      if (options.relayHint) hints.hint(owner, txn)
    },
    pushed: (owner, folder = inbox) => news.add({ owner, folder }, 'push'),
    mailboxState: mailboxes.state,
    ladder: () => ({ rungs: ladder.rungs(), canaryRefused: probe?.refused() ?? null }),
    lookAt: mailboxes.lookAt,
    poolStats: () => ({
      ...pool.stats(),
      ...news.stats(),
      idling: idle.connections(),
    }),
    close: async () => {
      stopLooking()
      served.close()
      hints.close()
      await Promise.all([grants.close(), idle.close()])
      const ended = [poll.close(), interval.close(), news.close(), pass.close(), probe?.close()]
      // What waits for a connection is refused, so that passes and scans come to their end.
      await pool.close()
      await Promise.all(ended)
      await mailboxes.close()
    },
  }
}

/** The connections that scans and passes share; `onLimited`: the server grants fewer or more than before. */
const openPool = (
  { server, clock, random, log }: WatchingParts,
  { connectionsMax }: WatchingOptions,
  onLimited: () => void,
): Pool =>
  makePool({
    server,
    connectionsMax,
    clock,
    random,
    onLimited: (limited) => {
      if (limited) log.warn({ code: 'imap.too_many_connections' }, 'the mail server grants fewer connections')
      else log.info({}, 'the mail server grants all connections again')
      onLimited()
    },
  })

function noteUnread(
  { mailboxes, log }: { readonly mailboxes: Mailboxes; readonly log: Log },
  watched: WatchedFolder,
  error: unknown,
): void {
  const code = faultCodeOf(error)
  const detail = error instanceof Error ? error.message : ''
  if (mailboxes.failed(watched, code))
    log.warn({ mailbox: folderKey(watched), code, detail }, 'a mailbox could not be read')
}

/**
 * A mailbox is looked at as soon as its user may activate: the mail may be there already, and from then on
 * there is a cursor.
 */
function lookWhereGrantsOpen(context: WatchContext, refreshIdle: () => void): () => void {
  return context.grants.onChange((opened) => {
    for (const owner of opened)
      for (const watched of [inboxOf(owner), ...junkOf(context, owner)]) context.news.add(watched, 'scan')
    refreshIdle()
  })
}
