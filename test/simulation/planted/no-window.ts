import { emptyReplayWindow, encodeReplayWindow } from '#protocol/replay-window.ts'
import type { Change } from '#store/activations.ts'
import type { MasterKey } from '#store/handhelds.ts'
import type { Planted } from './planted.ts'

/** The server remembers no packet's number, nor looks whether it was remembered: a replayed one is as good as the first. */
export const noWindow = (): Planted => {
  const stored = new Map<string, Uint8Array>()
  const nameOf = ({ pin, kid }: Pick<MasterKey, 'pin' | 'kid'>): string => `${pin}/${kid}`
  return {
    call: (_process, call, make) => {
      if (call.name === 'activations.commit') {
        const change = call.args[0] as Change
        const before = change.inbound && stored.get(nameOf(change.inbound))
        if (!change.inbound || !before) return undefined
        return make({ ...call, args: [{ ...change, inbound: { ...change.inbound, before } }] })
      }
      if (call.name !== 'handhelds.key') return undefined
      return make(call).then((found) => {
        const key = found as MasterKey | null
        if (key === null) return null
        stored.set(nameOf(key), key.window)
        return { ...key, window: encodeReplayWindow(emptyReplayWindow) }
      })
    },
  }
}
