/** Numbers that are never given twice, spoken for on disk in blocks so that few of them cost a commit. */
import type { Pin } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
import type { Store } from '#store/store.ts'

export interface Numbers {
  /** The next packet number under this key. */
  seq(pin: Pin, kid: number): Promise<number>
  /** A key that this process has just stored with its numbers below `end` spoken for. */
  begun(pin: Pin, kid: number, block: Block): void
  /**
   * The next of the one sequence for policies, book sets and commands, so that "newer" means the same for all: above
   * every number that any agent had spoken for when this one was asked.
   */
  provisioning(): Promise<number>
}

export type NextSeq = Numbers['seq']

/** Free are `next` to `end` - 1. */
export interface Block {
  readonly next: number
  readonly end: number
}

const provisioningName = 'provisioning'
const size = limits.seqReserveBlock

/** The numbers of a new key, whose key check has number 0: stored with it, they cost no commit of their own. */
export const firstBlock: Block = { next: 1, end: 1 + size }

export function makeNumbers(store: Pick<Store, 'handhelds' | 'installation'>): Numbers {
  const blocks = new Map<string, Block>()
  const reserving = new Map<string, Promise<void>>()
  const reserve = async (name: string, take: () => Promise<number>): Promise<void> => {
    try {
      const next = await take()
      blocks.set(name, { next, end: next + size })
    } finally {
      reserving.delete(name)
    }
  }
  const nextOf = async (name: string, take: () => Promise<number>): Promise<number> => {
    for (;;) {
      const block = blocks.get(name)
      if (block && block.next < block.end) {
        blocks.set(name, { ...block, next: block.next + 1 })
        return block.next
      }
      // One block at a time: of two, the lower could be given out last.
      const running = reserving.get(name) ?? reserve(name, take)
      reserving.set(name, running)
      await running
    }
  }
  const nameOf = (pin: Pin, kid: number): string => `${pin}/${kid}`
  return {
    seq: (pin, kid) => nextOf(nameOf(pin, kid), () => store.handhelds.reserveSeq(pin, kid, size)),
    begun: (pin, kid, block) => void blocks.set(nameOf(pin, kid), block),
    provisioning: async () => {
      const last = await store.installation.lastNumber(provisioningName)
      const block = blocks.get(provisioningName)
      // Another agent has taken numbers since: a handheld that has one of those refuses what is left of these.
      if (block && block.end <= last) blocks.delete(provisioningName)
      return nextOf(provisioningName, () => store.installation.takeNumbers(provisioningName, size))
    },
  }
}
