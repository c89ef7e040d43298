import type { Change } from '#store/activations.ts'
import type { Planted } from './planted.ts'

/** The server switches to the new key and never lets go of the old one. */
export const keepsOldKeys = (): Planted => ({
  call: (_process, call, make) => {
    if (call.name !== 'activations.commit') return undefined
    const { eraseKeys, ...change } = call.args[0] as Change
    return eraseKeys ? make({ ...call, args: [change] }) : undefined
  },
})
