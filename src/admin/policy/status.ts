/** What handhelds refused, what could not be made for them, and who is cut off, for `status`. */
import { faultRow } from '#kernel/fault.ts'
import type { AdminParts } from '../ports.ts'
import type { Check } from '../views.ts'

type Parts = Pick<AdminParts, 'store' | 'cutOffMs'>

export async function queueChecks({ store, cutOffMs }: Parts, nowMs: number): Promise<Check[]> {
  // Nobody is owed anything from before the beginning of time.
  const owedBeforeMs = cutOffMs > 0 ? nowMs - cutOffMs + 1 : 0
  const { refused, setAside, newestStopped, owed, oldestOwed } = await store.queue.troubled(owedBeforeMs)
  const checks: Check[] = []
  if (newestStopped)
    checks.push({
      name: 'queue',
      health: 'attention',
      says: `Queued for handhelds: ${refused} refused, ${setAside} set aside, newest ${newestStopped.pin}.`,
      code: newestStopped.code ?? 'queue.set_aside',
      next: `postkey queue show ${newestStopped.id}`,
      sinceMs: newestStopped.sinceMs,
    })
  if (oldestOwed)
    checks.push({
      name: 'cut off',
      health: 'attention',
      says: `${owed === 1 ? '1 handheld gets' : `${owed} handhelds get`} no mail for want of the policy, longest ${oldestOwed.pin}.`,
      code: 'policy.cut_off',
      next: faultRow('policy.cut_off').next.replace('<pin>', oldestOwed.pin),
      sinceMs: oldestOwed.owedSinceMs,
    })
  return checks
}
