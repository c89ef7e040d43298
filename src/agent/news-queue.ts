/** Mailboxes that wait to be read: what somebody waits for goes first, the rest many at a time. */
import type { WatchedFolder } from '#mailbox/access.ts'
import type { FoundBy } from './news.ts'

export interface QueuedMailbox {
  readonly watched: WatchedFolder
  /** What was said and not yet acted on. */
  readonly foundBy: FoundBy | null
  /** It failed together with others, or they with it: it is read alone until that has ended well. */
  readonly alone: boolean
}

export interface NewsQueueOptions {
  /** What mailboxes that one connection reads in one go have in common; null: this one is read alone. */
  lineOf(watched: WatchedFolder): string | null
  readonly scannersMax: number
}

export interface NewsQueue<T extends QueuedMailbox> {
  push(item: T): void
  /** It waits already, and has become urgent. */
  hurry(item: T): void
  /** What is read next in one go while so many scanners work; empty: nothing. */
  take(running: number): readonly T[]
  size(): number
}

/** Few enough that a hint waits 50 ms for them at the slowest rate measured. */
const batchMax = 50
/** What is urgent does not wait for a scanner that reads many. */
const extraForUrgent = 1

export function makeNewsQueue<T extends QueuedMailbox>(options: NewsQueueOptions): NewsQueue<T> {
  const urgent: T[] = []
  const rest: T[] = []
  const batch = (): readonly T[] => {
    const [first] = rest
    if (!first) return []
    const line = first.alone ? null : options.lineOf(first.watched)
    const isApart = ({ alone, watched }: T) => alone || options.lineOf(watched) !== line
    const stop = line === null ? 1 : rest.slice(0, batchMax).findIndex(isApart)
    return rest.splice(0, stop < 0 ? batchMax : stop)
  }

  return {
    push: (item) => void (item.foundBy === 'scan' ? rest : urgent).push(item),
    hurry: (item) => {
      const at = rest.indexOf(item)
      if (at >= 0) urgent.push(...rest.splice(at, 1))
    },
    take: (running) => {
      const first = running < options.scannersMax + extraForUrgent ? urgent.shift() : undefined
      if (first) return [first]
      return running < options.scannersMax ? batch() : []
    },
    size: () => urgent.length + rest.length,
  }
}
