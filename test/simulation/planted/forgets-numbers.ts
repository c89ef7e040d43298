import type { Planted } from './planted.ts'

/** A handheld that was switched off knows no more which policy and command it had last. */
export const forgetsNumbers = (): Planted => ({
  governs: true,
  loaded: (saved) => {
    const { account } = saved.state
    if (!account) return saved
    const policy = account.policy && { ...account.policy, number: 0 }
    const command = account.command && { ...account.command, number: 0 }
    return { ...saved, state: { ...saved.state, account: { ...account, policy, command } } }
  },
})
