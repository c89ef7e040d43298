/** Parsers that never come back or take all memory, each when an exclamation mark is in the input. */
import type { FuzzTarget } from './target.ts'

const whenMarked = (name: string, act: () => void): FuzzTarget => ({
  name,
  run: (input) => {
    if (input.includes(0x21)) act()
  },
  seeds: () => [Buffer.from('hello')],
  dictionary: ['!'],
})

export const broken: readonly FuzzTarget[] = [
  whenMarked('hangs', () => {
    for (;;);
  }),
  whenMarked('fills-the-heap', () => {
    const kept: number[][] = []
    for (;;) kept.push(new Array<number>(1_000_000).fill(0.5))
  }),
]

export const targets = broken
