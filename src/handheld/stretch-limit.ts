/** Key stretching takes a processor for a tenth of a second and 32 MiB: only a few at once, the others wait in line. */
import type { KeyStretching } from '#crypto/key-stretching.ts'

export function limitStretching(stretching: KeyStretching, atOnce: number): KeyStretching {
  let running = 0
  const waiting: (() => void)[] = []
  const enter = async () => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
  }
  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }
  return {
    profile: stretching.profile,
    stretch: async (input, salt) => {
      await enter()
      try {
        return await stretching.stretch(input, salt)
      } finally {
        leave()
      }
    },
  }
}
