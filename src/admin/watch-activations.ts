/** Follows activations: what is open now, then each one again whenever it has changed. */
import type { Activation } from '#activation/activation.ts'
import type { ActivationId } from '#kernel/brand.ts'
import { sleep } from '#kernel/clock.ts'
import type { ActivationFilter } from '#store/activations.ts'
import { activationView } from './activation-view.ts'
import type { AdminParts } from './ports.ts'
import type { ActivationView } from './views.ts'

/** Commits in quick succession are looked at together; a person does not read faster. */
const pauseMs = 100
const followedMax = 1_000

type Parts = Pick<AdminParts, 'store' | 'clock'>

export async function* watchActivations(
  parts: Parts,
  makeFilter: () => Promise<ActivationFilter>,
  signal: AbortSignal = new AbortController().signal,
): AsyncGenerator<ActivationView> {
  const { store, clock } = parts
  const filter = { ...(await makeFilter()), limit: followedMax }
  const bell = makeBell(signal)
  const stop = store.onCommit((changed) => changed.has('activations') && bell.ring())
  const seen = new Map<ActivationId, number>()
  try {
    for (const run of await store.activations.list(filter)) if (isEnded(run)) seen.set(run.txn, run.version)
    while (!signal.aborted) {
      for (const run of (await store.activations.list(filter)).reverse()) {
        if (seen.get(run.txn) === run.version) continue
        seen.set(run.txn, run.version)
        yield activationView(run, clock.nowMs())
      }
      await bell.rung()
      await sleep(clock, pauseMs, signal)
    }
  } finally {
    stop()
  }
}

const isEnded = (run: Activation): boolean => run.phase === 'complete' || run.phase === 'stopped'

/** Remembers one ring that nobody has heard yet. */
function makeBell(signal: AbortSignal): { ring(): void; rung(): Promise<void> } {
  let unheard = false
  let wake: (() => void) | null = null
  const ring = () => {
    unheard = true
    wake?.()
  }
  signal.addEventListener('abort', ring, { once: true })
  return {
    ring,
    rung: async () => {
      if (!unheard && !signal.aborted)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      unheard = false
      wake = null
    },
  }
}
