import { toBase64 } from '#kernel/bytes.ts'
import type { Checker } from './checks.ts'

type Numbers = Readonly<Record<'policy' | 'books' | 'command', number>>

/** Under one certificate authority, until the handheld is erased. */
export const numbersRise = (): Checker => {
  const last = new Map<string, { readonly ca: string; readonly numbers: Numbers }>()
  return {
    invariant: 'a handheld applies no lower number',
    saved: ({ name }, { state: { account } }, fail) => {
      const before = last.get(name)
      if (!account) return void last.delete(name)
      const ca = toBase64(account.caCertificate)
      const { policy, bookNumber, command } = account
      const numbers = {
        policy: policy?.number ?? 0,
        books: bookNumber?.number ?? 0,
        command: command?.number ?? 0,
      }
      if (before?.ca === ca)
        for (const what of ['policy', 'books', 'command'] as const)
          if (numbers[what] < before.numbers[what])
            fail(`${name}: ${what} ${numbers[what]} after ${before.numbers[what]}`)
      last.set(name, { ca, numbers })
    },
  }
}
