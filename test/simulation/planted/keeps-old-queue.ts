import type { Change } from '#store/activations.ts'
import type { Planted } from './planted.ts'
import { keepingItems } from './restored-items.ts'

/** What waited for a handheld stays in its queue when it is activated anew, and goes to its new account. */
export const keepsOldQueue = (): Planted => ({
  governs: true,
  call: (_process, call, make, databasePath) => {
    if (call.name !== 'activations.commit') return undefined
    const { account } = call.args[0] as Change
    if (account?.kind !== 'activated') return undefined
    return keepingItems(databasePath, account.account.pin, '%', () => make(call))
  },
})
