import type { Checker } from './checks.ts'

export const bothEndsAgree = (): Checker => ({
  invariant: 'a handheld and a server that both say complete hold the same key id and policy number',
  look: ({ world, activations }, fail) => {
    for (const { name, saved } of world.handhelds) {
      const account = saved?.state.account
      if (!account?.complete) continue
      const activation = activations.get(account.txn)
      if (activation?.phase !== 'complete') continue
      const own = [account.link.kid, account.policy?.number, account.bookNumber?.number]
      const servers = [activation.answer?.kid, activation.policy?.number, activation.books?.number]
      if (own.join() !== servers.join())
        fail(`${name} and ${activation.txn}: key, policy, books ${own.join()} there, ${servers.join()} here`)
    }
  },
})
