import { stages } from '#activation/activation.ts'
import type { Checker } from './checks.ts'

/** Stages in the order in which an activation goes through them; the two ends come after all. */
const order: ReadonlyMap<string, number> = new Map(
  [...stages, 'failed', 'superseded'].map((stage, i) => [stage, i]),
)

export const stagesGoForward = (): Checker => ({
  invariant: 'no activation goes back a stage, and complete is never left',
  look: ({ changes }, fail) => {
    for (const { before, now } of changes) {
      if (!before) continue
      const left = before.phase === 'complete' && now.phase !== 'complete'
      const back = (order.get(now.stage) ?? -1) < (order.get(before.stage) ?? -1)
      if (left || back) fail(`${now.txn}: ${before.stage}/${before.phase} → ${now.stage}/${now.phase}`)
    }
  },
})
