import type { Change } from '#store/activations.ts'
import type { Checker } from './checks.ts'

/** A replayed packet opens as well as the first one: only the window keeps it from being taken again. */
export const packetsOnce = (): Checker => {
  const taken = new Set<string>()
  return {
    invariant: 'a packet of a handheld is taken in once',
    took: (change: Change, fail) => {
      if (!change.inbound) return
      const { pin, kid, seq } = change.inbound
      const name = `${pin} ${kid} ${seq}`
      if (taken.has(name)) fail(`packet ${name} was taken in again`)
      taken.add(name)
    },
  }
}
