/** What this process keeps, after everything that can be forgotten was forgotten. */
import { setTimeout as after } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes of heap, and what buffers hold outside of it. */
export async function heapBytes(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    collect()
    await after(20)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
