/** Rounds in turn, A B A B …: what disturbs the machine for a while disturbs all of them alike. */
import { setTimeout } from 'node:timers/promises'
import type { PartOptions } from './part.ts'

type Measures<K extends string> = { readonly [name in K]: () => Promise<number> }

/** What a program does at first is slower than what it does all day: so many rounds are run and forgotten. */
const warmUps = { whole: 3, quick: 1 }

/** An array of figures per measure, one a round, after rounds that warm up. */
export async function inTurn<K extends string>(
  { say, quick }: Pick<PartOptions, 'say' | 'quick'>,
  rounds: number,
  measures: Measures<K>,
): Promise<Record<K, number[]>> {
  const names = Object.keys(measures) as K[]
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>
  for (let round = 1 - (quick ? warmUps.quick : warmUps.whole); round <= rounds; round += 1) {
    for (const name of names) {
      const figure = await measures[name]()
      if (round > 0) figures[name].push(figure)
    }
    if (round >= 0) say(round === 0 ? 'warmed up' : `round ${round} of ${rounds}`)
    // What the last round left to be done in the background is not the next one's.
    await setTimeout(20)
  }
  return figures
}

/** Calls `work` again and again for about so long; how often a second it was done. */
export async function perSecond(durationMs: number, work: () => void | Promise<void>): Promise<number> {
  const begunMs = performance.now()
  let done = 0
  let nowMs = begunMs
  while (nowMs - begunMs < durationMs) {
    const waiting = work()
    if (waiting) await waiting
    done += 1
    nowMs = performance.now()
  }
  return (done * 1000) / (nowMs - begunMs)
}
