/** What the store knows of a pair that may send to each other, for tests of what the relay decides. */
import type { SendRows } from '#store/relay.ts'

export const rows = (over: Partial<SendRows> = {}): SendRows => ({
  known: null,
  namesGood: true,
  deviceLists: true,
  serverLists: true,
  token: null,
  fence: null,
  queue: { frames: 0, bytes: 0 },
  ...over,
})
