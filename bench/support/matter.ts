/** matter.js commissioning beside a part: the nearest thing a person could pick instead. */
import { setTimeout } from 'node:timers/promises'
import { type Helper, startHelper } from './helper.ts'
import type { PartOptions } from './part.ts'

const matterFile = new URL('../peers/matter-process.ts', import.meta.url)
const matterMsMax = 30_000

/**
 * Null where it cannot run: it finds a commissioned device by mDNS, for which a machine needs an interface with
 * multicast beside loopback.
 */
export async function startMatter({ say }: PartOptions): Promise<Helper | null> {
  const matter = await startHelper(matterFile)
  const tooLate = setTimeout(matterMsMax, null)
  if ((await Promise.race([commission(matter), tooLate])) !== null) return matter
  say(
    'matter.js did not commission within its time: left out (has this machine an interface with multicast?)',
  )
  await matter.stop()
  return null
}

/** How long one commissioning took, in milliseconds. */
export const commission = (matter: Helper): Promise<number> => matter.ask<number>('commission')
