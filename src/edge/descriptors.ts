/**
 * Notices that the process runs out of file descriptors. The system closes a connection that finds none left and
 * tells nobody: without this look a server that turns everybody away would say nothing.
 */
import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import type { Clock } from '#kernel/clock.ts'
import type { Log } from '#kernel/log.ts'

export interface DescriptorWatch {
  /** Since when there are too few, by the clock; null while there are enough. */
  scarceSinceMs(): number | null
  stop(): void
}

const everyMs = 1_000
/** Fewer left than this are too few: enough for an administrator's command to come through. */
const spare = 8

export function watchDescriptors({
  clock,
  log,
}: {
  readonly clock: Clock
  readonly log: Log
}): DescriptorWatch {
  let sinceMs: number | null = null
  let cancel = (): void => {}
  const look = (): void => {
    const enough = hasSpare()
    if (!enough && sinceMs === null) {
      sinceMs = clock.nowMs()
      log.error({ code: 'process.descriptors' }, 'too few file descriptors are left')
    } else if (enough && sinceMs !== null) {
      log.info({ scarceMs: clock.nowMs() - sinceMs }, 'there are file descriptors again')
      sinceMs = null
    }
    cancel = clock.after(everyMs, look)
  }
  look()
  return { scarceSinceMs: () => sinceMs, stop: () => cancel() }
}

function hasSpare(): boolean {
  const taken: number[] = []
  try {
    while (taken.length < spare) taken.push(openSync(devNull, 'r'))
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'EMFILE' || code === 'ENFILE') return false
    throw error
  } finally {
    for (const descriptor of taken) closeSync(descriptor)
  }
}
