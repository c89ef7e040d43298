import type { Change } from '#store/activations.ts'
import type { Planted } from './planted.ts'

/** The server erases the old key with the switch: what the handheld still says under it is lost. */
export const forgetsOldKeys = (): Planted => ({
  call: (_process, call, make) => {
    if (call.name !== 'activations.commit') return undefined
    const change = call.args[0] as Change
    const { rollover, switchKey } = change
    if (!rollover || !switchKey) return undefined
    const eraseKeys = { pin: switchKey.pin, kids: [rollover.next.oldKid] }
    return make({ ...call, args: [{ ...change, eraseKeys }] })
  },
})
