import { emptyReplayWindow, encodeReplayWindow } from '#protocol/replay-window.ts'
import type { MasterKey } from '#store/handhelds.ts'
import type { Planted } from './planted.ts'

/** The server remembers no packet's number: a replayed one is as good as the first. */
export const noWindow = (): Planted => ({
  call: (_process, call, make) => {
    if (call.name !== 'handhelds.key') return undefined
    return make(call).then((key) =>
      key === null ? null : { ...(key as MasterKey), window: encodeReplayWindow(emptyReplayWindow) },
    )
  },
})
