/** The doctor's round: one look after the other, each with an end, and the canary last. */

import type { DoctorOptions } from '#admin/admin.ts'
import { fromFault } from '#admin/check.ts'
import type { Check, DoctorNote } from '#admin/views.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'

/** One thing to look at. */
export interface Look {
  /** What it is about, for whoever waits: `IMAP server`. */
  readonly at: string
  look(): Promise<readonly Check[]>
}

export interface Round {
  readonly clock: Clock
  readonly looks: readonly Look[]
  /** Null where this process cannot fly one; the reason is among the looks then. */
  readonly canary: ((signal: AbortSignal) => AsyncIterable<DoctorNote>) | null
}

const lookMsMax = 30_000

export async function* examine(
  { clock, looks, canary }: Round,
  options: DoctorOptions,
  signal: AbortSignal,
): AsyncGenerator<DoctorNote> {
  for (const look of looks) {
    if (signal.aborted) return
    yield { kind: 'looking', at: look.at }
    for (const check of await found(clock, look)) yield { kind: 'check', check }
  }
  if (!options.canary || !canary || signal.aborted) return
  yield { kind: 'looking', at: 'canary activation' }
  yield* canary(signal)
}

/** Whatever a look meets becomes a check: the round goes on. */
async function found(clock: Clock, { at, look }: Look): Promise<readonly Check[]> {
  let cancel = (): void => {}
  const late = new Promise<readonly Check[]>((resolve) => {
    cancel = clock.after(lookMsMax, () => resolve([fromFault(at, 'broken', 'doctor.slow')]))
  })
  try {
    return await Promise.race([late, look()])
  } catch (error) {
    const detail =
      error instanceof Fault ? error.detail : error instanceof Error ? error.message : String(error)
    return [fromFault(at, 'broken', faultCodeOf(error), null, detail)]
  } finally {
    cancel()
  }
}
