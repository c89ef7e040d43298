/**
 * "This mailbox may have news": said by whoever hears of it, as often as they like; each mailbox is then read
 * once, by one scanner at a time, and once more when it was said again meanwhile.
 */
import type { MailFacts } from '#activation/event.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Random } from '#kernel/random.ts'
import { folderKey, type WatchedFolder } from '#mailbox/access.ts'
import { makeBackoff } from '#mailbox/backoff.ts'

export type FoundBy = MailFacts['foundBy']

export interface NewsStats {
  /** Mailboxes said to have news that no scanner has begun to read. */
  readonly news: number
  readonly scanning: number
  /** Scans since the start that ended well, and that failed. */
  readonly scanned: number
  readonly scansFailed: number
}

export interface News {
  add(watched: WatchedFolder, foundBy: FoundBy): void
  /** Gives up on the failing mailboxes of everybody else. */
  keepOnly(owners: ReadonlySet<MailAddress>): void
  stats(): NewsStats
  /** Begins nothing more; resolves when the running scans have ended. */
  close(): Promise<void>
}

export interface NewsOptions {
  scan(watched: WatchedFolder, foundBy: FoundBy): Promise<void>
  readonly scannersMax: number
  readonly clock: Clock
  readonly random: Random
  onError(watched: WatchedFolder, error: unknown): void
}

interface Item {
  readonly watched: WatchedFolder
  /** What was said and not yet acted on. */
  foundBy: FoundBy | null
  state: 'new' | 'queued' | 'running' | 'failed'
  cancelRetry: () => void
}

/** Who heard of it first is what an administrator wants to know; the likeliest comes first. */
const ranks: readonly FoundBy[] = ['hint', 'push', 'idle', 'scan']
const retry = { firstMs: 500, longestMs: 60_000 }

export function makeNews(options: NewsOptions): News {
  const items = new Map<string, Item>()
  const scanners = makeScanners(options, items)
  return {
    add: (watched, foundBy) => {
      if (scanners.isClosed()) return
      const key = folderKey(watched)
      const item: Item = items.get(key) ?? { watched, foundBy: null, state: 'new', cancelRetry: () => {} }
      items.set(key, item)
      item.foundBy = better(item.foundBy, foundBy)
      // What failed is left alone for a while, unless there is a special reason to look.
      if (item.state === 'new' || (item.state === 'failed' && foundBy !== 'scan')) scanners.enqueue(item)
    },
    keepOnly: (owners) => {
      for (const [key, item] of items) {
        if (item.state !== 'failed' || owners.has(item.watched.owner)) continue
        item.cancelRetry()
        items.delete(key)
      }
    },
    stats: scanners.stats,
    close: scanners.close,
  }
}

/** Work off the queue, so many at once; what has ended leaves `items`. */
function makeScanners(options: NewsOptions, items: Map<string, Item>) {
  const { clock } = options
  const queue: Item[] = []
  const backoff = makeBackoff(options.random, retry)
  let running = 0
  const counts = { scanned: 0, scansFailed: 0 }
  let closed: (() => void) | null = null

  const enqueue = (item: Item): void => {
    item.cancelRetry()
    item.state = 'queued'
    queue.push(item)
    work()
  }

  const failed = (item: Item, foundBy: FoundBy, error: unknown): void => {
    options.onError(item.watched, error)
    counts.scansFailed += 1
    item.foundBy = better(item.foundBy, foundBy)
    item.state = 'failed'
    const nowMs = clock.monotonicMs()
    const untilMs = backoff.failed(folderKey(item.watched), nowMs)
    if (!closed) item.cancelRetry = clock.after(untilMs - nowMs, () => enqueue(item))
  }

  const run = async (item: Item, foundBy: FoundBy): Promise<void> => {
    running += 1
    item.state = 'running'
    item.foundBy = null
    try {
      await options.scan(item.watched, foundBy)
      backoff.succeeded(folderKey(item.watched))
      counts.scanned += 1
      item.state = 'new'
    } catch (error) {
      failed(item, foundBy, error)
    }
    running -= 1
    if (item.foundBy === null) items.delete(folderKey(item.watched))
    else if (item.state === 'new' && !closed) enqueue(item)
    if (running === 0) closed?.()
    work()
  }

  const work = (): void => {
    while (running < options.scannersMax && !closed) {
      const item = queue.shift()
      if (!item) return
      void run(item, item.foundBy ?? 'scan')
    }
  }

  const close = (): Promise<void> =>
    new Promise((resolve) => {
      closed = resolve
      for (const item of items.values()) item.cancelRetry()
      if (running === 0) resolve()
    })
  return {
    enqueue,
    close,
    isClosed: () => closed !== null,
    stats: () => ({ news: queue.length, scanning: running, ...counts }),
  }
}

const better = (one: FoundBy | null, other: FoundBy): FoundBy =>
  one !== null && ranks.indexOf(one) <= ranks.indexOf(other) ? one : other
