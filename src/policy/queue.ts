/** The Policy Service's order: the IT policy first, and nothing else before the handheld has applied it. */
import type { Activation } from '#activation/activation.ts'

export type Service = 'policy' | 'books'

/** What the handheld of this activation is due next, or null where it is its turn, not ours. */
export function nextService(activation: Activation): Service | null {
  if (activation.phase === 'policy_due' || activation.phase === 'policy_refused') return 'policy'
  const applied = activation.policy?.status === 0 || activation.policy?.status === 1
  if (!applied) return null
  return activation.phase === 'books_due' || activation.phase === 'books_refused' ? 'books' : null
}
