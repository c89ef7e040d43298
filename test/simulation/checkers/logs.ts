import { toBase64, toHex } from '#kernel/bytes.ts'
import type { Checker } from './checks.ts'

/** Names of what a handheld keeps to itself, wherever in its state they are. */
const secretFields: ReadonlySet<string> = new Set(['seed', 'x', 'w0', 'w1', 'masterKey', 's2d'])

export const logsHoldNoSecret = (): Checker => {
  const secrets = new Set<string>()
  const remember = (value: unknown, name: string): void => {
    if (value instanceof Uint8Array) {
      if (!secretFields.has(name)) return
      secrets.add(toHex(value))
      secrets.add(toBase64(value))
    } else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) remember(item, key)
  }
  return {
    invariant: 'no password, verifier or key is in a log line',
    look: ({ logLines, world }, fail) => {
      for (const line of logLines)
        for (const secret of [...world.passwords, ...secrets])
          if (line.includes(secret)) fail(`a secret is in: ${line}`)
    },
    saved: (_handheld, { seed, state }) => {
      remember(seed, 'seed')
      remember(state.run, 'run')
      remember(state.account?.link, 'link')
    },
  }
}

export const nobodyIsWrong = (): Checker => ({
  invariant: 'no process meets a mistake of ours',
  look: ({ logLines }, fail) => {
    for (const line of logLines)
      if (line.includes('"internal.invariant"') || /(Type|Reference|Range|Syntax|Invariant)Error/.test(line))
        fail(line)
  },
})
