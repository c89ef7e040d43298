import type { ActivationEvent } from '#activation/event.ts'
import type { Checker } from './checks.ts'

/** What an activation may hear of once in its life. */
const singular: ReadonlySet<ActivationEvent['kind']> = new Set([
  'answer_made',
  'proof_judged',
  'key_check_seen',
])

export const actedOnOnce = (): Checker => {
  /** The highest frame id there was, by sender and mid. */
  const frames = new Map<string, number>()
  const happened = new Set<string>()
  return {
    invariant: 'nothing is acted on twice',
    look: (observed, fail) => {
      for (const { before, now } of observed.changes)
        for (const { kind } of observed.events(now.txn, (before?.version ?? 0) + 1)) {
          const name = `${now.txn} ${kind}`
          if (singular.has(kind) && happened.has(name)) fail(`${name} twice`)
          happened.add(name)
        }
      if (!observed.committed.has('relay.putSends')) return
      for (const frame of observed.db.all<{ id: number; name: string }>(
        "SELECT id, sender || ' ' || hex(mid) AS name FROM relay_frame",
      )) {
        const known = frames.get(frame.name)
        if (known !== undefined && known !== frame.id) fail(`frame ${frame.name} was taken in twice`)
        frames.set(frame.name, frame.id)
      }
    },
  }
}
