import type { NewItem } from '#store/queue.ts'
import type { Planted } from './planted.ts'
import { keepingItems } from './restored-items.ts'

/** A wipe takes the place of no command before it. */
export const wipeWaitsItsTurn = (): Planted => ({
  governs: true,
  call: (_process, call, make, databasePath) => {
    const wipe =
      call.name === 'queue.add' && (call.args[0] as NewItem[]).find((one) => one.command === 'wipe')
    return wipe ? keepingItems(databasePath, wipe.pin, 'command', () => make(call)) : undefined
  },
})
