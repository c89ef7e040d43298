import type { Change } from '#store/activations.ts'
import type { Planted } from './planted.ts'

/** Whoever has sealed an item sends it, whatever has become of it meanwhile. */
export const twoSendOneItem = (): Planted => ({
  governs: true,
  call: (_process, call, make) => {
    const [change] = call.args as [Change]
    if (call.name !== 'activations.commit' || !change.item?.ifWaiting) return undefined
    const { ifWaiting: _condition, ...item } = change.item
    return make({ ...call, args: [{ ...change, item }] })
  },
})
