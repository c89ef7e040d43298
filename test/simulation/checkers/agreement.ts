import type { Checker } from './checks.ts'

export const bothEndsAgree = (): Checker => ({
  invariant: 'a handheld and a server that both say complete hold the same key and policy number',
  look: ({ world, activations }, fail) => {
    for (const { name, saved } of world.handhelds) {
      const account = saved?.state.account
      if (!account?.complete) continue
      const activation = activations.get(account.txn)
      if (activation?.phase !== 'complete') continue
      // Later policies and books have numbers of their own, which are held against each other when all is quiet.
      if (world.governed) continue
      const own = [account.policy?.number, account.bookNumber?.number]
      const servers = [activation.policy?.number, activation.books?.number]
      if (own.join() !== servers.join())
        fail(`${name} and ${activation.txn}: policy, books ${own.join()} there, ${servers.join()} here`)
      // Which keys an account has had since, `currentKeysAreHeld` looks after.
      const { answer } = activation
      const kids = [account.link.kid, ...account.keys.spent, account.keys.previous?.link.kid]
      if (!kids.includes(answer?.kid))
        fail(`${name} and ${activation.txn}: it never had the key ${answer?.kid}`)
    }
  },
})
