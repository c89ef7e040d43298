/** Where a handheld keeps itself between events. */
import type { SavedHandheld } from './state-codec.ts'

export interface HandheldStorage {
  /** Null on the first start. @throws Fault handheld.damaged */
  load(): Promise<SavedHandheld | null>
  /** Resolves when it would survive a power cut; the whole takes the place of what was saved before. */
  save(saved: SavedHandheld): Promise<void>
  /** Lets go of the lock. */
  close(): Promise<void>
}

/** For handhelds that end with the process: demonstrations and fleets. */
export function memoryStorage(): HandheldStorage {
  let kept: SavedHandheld | null = null
  return {
    load: async () => kept,
    save: async (saved) => {
      kept = saved
    },
    close: async () => {},
  }
}
