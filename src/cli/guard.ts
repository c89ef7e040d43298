/** The handhelds that have tried under a guarded password, for the person who approves one of them. */
import type { GuardView, SeenHandheld } from '#admin/views.ts'
import type { Run } from './run.ts'
import { count } from './text.ts'
import { relative } from './time.ts'

export function renderGuard(run: Run, guard: GuardView | null, address: string): string {
  if (!guard) return ''
  const head = `\n${count(guard.wrongTries, 'wrong try', 'wrong tries')}: each handheld needs an approval.\n`
  const table = run.table<SeenHandheld>(
    [
      { title: 'PIN', value: ({ pin }) => pin },
      { title: 'SEEN', value: ({ atMs }) => relative(atMs, run.deps.clock.nowMs()) },
      { title: 'WRONG', value: ({ wrongTries }) => String(wrongTries) },
      { title: 'STATE', value: stateOf },
    ],
    guard.seen,
  )
  return `${head}${table}  next  postkey activation approve ${address} <pin on the user's screen>\n`
}

function stateOf({ approved, waiting }: SeenHandheld): string {
  if (approved) return 'approved'
  return waiting ? 'waits for an approval' : ''
}
