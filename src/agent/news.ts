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
import { makeNewsQueue, type NewsQueueOptions, type QueuedMailbox } from './news-queue.ts'

export type FoundBy = MailFacts['foundBy']

export interface NewsStats {
  /** Mailboxes said to have news that no scanner has begun to read. */
  readonly news: number
  readonly scanning: number
  /** How often a mailbox was queued since the start. */
  readonly queued: number
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

/** One mailbox that may have news. */
export interface NewsItem {
  readonly watched: WatchedFolder
  readonly foundBy: FoundBy
}

/** Reads these mailboxes; `ended` is called once for each, with what it failed with or null. Never throws. */
export type Scanner = (
  items: readonly NewsItem[],
  ended: (watched: WatchedFolder, error: unknown) => void,
) => Promise<void>

export interface NewsOptions extends NewsQueueOptions {
  readonly scan: Scanner
  readonly clock: Clock
  readonly random: Random
  onError(watched: WatchedFolder, error: unknown): void
}

interface Item extends QueuedMailbox {
  foundBy: FoundBy | null
  state: 'new' | 'queued' | 'running' | 'failed'
  alone: boolean
  cancelRetry: () => void
}

/** Who heard of it first is what an administrator wants to know; the likeliest comes first. */
const ranks: readonly FoundBy[] = ['hint', 'push', 'idle', 'scan']
const retry = { firstMs: 500, longestMs: 60_000 }

export function makeNews(options: NewsOptions): News {
  const items = new Map<string, Item>()
  const scanners = new Scanners(options, items)
  return {
    add: (watched, foundBy) => {
      if (scanners.isClosed()) return
      const key = folderKey(watched)
      const item = items.get(key) ?? newItem(watched)
      items.set(key, item)
      const before = item.foundBy
      item.foundBy = better(before, foundBy)
      // What failed is left alone for a while, unless there is a special reason to look.
      if (item.state === 'new' || (item.state === 'failed' && foundBy !== 'scan')) scanners.enqueue(item)
      else if (item.state === 'queued' && before === 'scan' && foundBy !== 'scan') scanners.hurry(item)
    },
    keepOnly: (owners) => {
      for (const [key, item] of items) {
        if (item.state !== 'failed' || owners.has(item.watched.owner)) continue
        item.cancelRetry()
        items.delete(key)
      }
    },
    stats: () => scanners.stats(),
    close: () => scanners.close(),
  }
}

const newItem = (watched: WatchedFolder): Item => ({
  watched,
  foundBy: null,
  state: 'new',
  alone: false,
  cancelRetry: () => {},
})

/** Work off the queue, so many at once; what has ended leaves `items`. */
class Scanners {
  readonly #options: NewsOptions
  readonly #items: Map<string, Item>
  readonly #queue
  readonly #backoff
  readonly #counts = { queued: 0, scanned: 0, scansFailed: 0 }
  #running = 0
  #closed: (() => void) | null = null

  constructor(options: NewsOptions, items: Map<string, Item>) {
    this.#options = options
    this.#items = items
    this.#queue = makeNewsQueue<Item>(options)
    this.#backoff = makeBackoff(options.random, retry)
  }

  isClosed(): boolean {
    return this.#closed !== null
  }

  stats(): NewsStats {
    return { news: this.#queue.size(), scanning: this.#running, ...this.#counts }
  }

  enqueue(item: Item): void {
    item.cancelRetry()
    item.state = 'queued'
    this.#counts.queued += 1
    this.#queue.push(item)
    this.#work()
  }

  hurry(item: Item): void {
    this.#queue.hurry(item)
    this.#work()
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closed = resolve
      for (const item of this.#items.values()) item.cancelRetry()
      if (this.#running === 0) resolve()
    })
  }

  #work(): void {
    while (!this.#closed) {
      const batch = this.#queue.take(this.#running)
      if (batch.length === 0) return
      void this.#run(batch)
    }
  }

  async #run(batch: readonly Item[]): Promise<void> {
    const begun = batch.map((item) => ({ item, watched: item.watched, foundBy: item.foundBy ?? 'scan' }))
    this.#running += 1
    for (const item of batch) {
      item.state = 'running'
      item.foundBy = null
    }
    await this.#options.scan(begun, (watched, error) => {
      const one = begun.find((it) => it.watched === watched)
      if (one) this.#ended(one.item, one.foundBy, error)
    })
    this.#running -= 1
    if (this.#running === 0) this.#closed?.()
    this.#work()
  }

  #ended(item: Item, foundBy: FoundBy, error: unknown): void {
    if (error === null) this.#succeeded(item)
    else this.#failed(item, foundBy, error)
    if (item.foundBy === null) this.#items.delete(folderKey(item.watched))
    else if (item.state === 'new' && !this.#closed) this.enqueue(item)
  }

  #succeeded(item: Item): void {
    this.#backoff.succeeded(folderKey(item.watched))
    this.#counts.scanned += 1
    item.state = 'new'
    item.alone = false
  }

  #failed(item: Item, foundBy: FoundBy, error: unknown): void {
    const { clock, onError } = this.#options
    onError(item.watched, error)
    this.#counts.scansFailed += 1
    item.foundBy = better(item.foundBy, foundBy)
    item.state = 'failed'
    item.alone = true
    const nowMs = clock.monotonicMs()
    const untilMs = this.#backoff.failed(folderKey(item.watched), nowMs)
    if (!this.#closed) item.cancelRetry = clock.after(untilMs - nowMs, () => this.enqueue(item))
  }
}

const better = (one: FoundBy | null, other: FoundBy): FoundBy =>
  one !== null && ranks.indexOf(one) <= ranks.indexOf(other) ? one : other
