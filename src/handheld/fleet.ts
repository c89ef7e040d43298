/** Many handhelds in one process, each with a state of its own: a load like a real morning's. */
import { join } from 'node:path'
import { scryptStretching } from '#crypto/key-stretching.ts'
import { Fault } from '#kernel/fault.ts'
import { type ActivateOptions, activateHandheld, type Outcome } from './activate.ts'
import { openHandheldDirectory } from './file.ts'
import { limitStretching } from './stretch-limit.ts'

export interface FleetUser {
  readonly email: string
  readonly password: string
}

export interface FleetOptions
  extends Pick<ActivateOptions, 'relay' | 'clock' | 'random' | 'log' | 'suites' | 'dial' | 'stretching'> {
  readonly users: readonly FleetUser[]
  /** Handhelds activating at once. */
  readonly parallel: number
  /** Each handheld has a directory in it; in memory where absent. */
  readonly dir?: string
  /** What has not ended by then is given up; in a directory it goes on with the next run. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** After each handheld. */
  readonly onResult?: (result: FleetResult, done: number) => void
}

export interface FleetResult {
  readonly email: string
  /** As in `Outcome`, `timeout`, or the code of what went wrong on this side. */
  readonly code: Outcome['code'] | 'timeout' | string
  readonly text: string
  readonly elapsedMs: number
}

export interface FleetReport {
  readonly total: number
  readonly complete: number
  /** How many ended with which code. */
  readonly failed: readonly { readonly code: string; readonly text: string; readonly count: number }[]
  /** Of complete activations, in milliseconds; null when there is none. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly elapsedMs: number
}

/** More key stretchings at once would only slow each other, and take 32 MiB each. */
const stretchingsAtOnce = 2

/** Activates all users' handhelds, `parallel` at a time; never throws for one of them. */
export async function runFleet(options: FleetOptions): Promise<FleetReport> {
  const begunMs = options.clock.monotonicMs()
  const stretching = limitStretching(options.stretching ?? scryptStretching, stretchingsAtOnce)
  const waiting = [...options.users]
  const results: FleetResult[] = []
  const worker = async () => {
    for (let user = waiting.shift(); user && !options.signal?.aborted; user = waiting.shift()) {
      const result = await activateOne(options, user, stretching)
      results.push(result)
      options.onResult?.(result, results.length)
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.parallel, options.users.length) }, worker))
  return report(options.users.length, results, options.clock.monotonicMs() - begunMs)
}

/** The q-th part (0..1) of sorted values, by nearest rank. */
export function quantile(sorted: readonly number[], q: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? null
}

async function activateOne(
  options: FleetOptions,
  { email, password }: FleetUser,
  stretching: ActivateOptions['stretching'],
): Promise<FleetResult> {
  const { clock, dir, timeoutMs, signal } = options
  const begunMs = clock.monotonicMs()
  const over = new AbortController()
  const cancelTimeout = clock.after(timeoutMs, () => over.abort())
  const result = (code: FleetResult['code'], text: string) => ({
    email,
    code,
    text,
    elapsedMs: clock.monotonicMs() - begunMs,
  })
  try {
    const outcome = await activateHandheld({
      ...options,
      typed: { email, password },
      ...(stretching ? { stretching } : {}),
      ...(dir === undefined ? {} : { storage: await openHandheldDirectory(join(dir, directoryName(email))) }),
      signal: AbortSignal.any(signal ? [signal, over.signal] : [over.signal]),
    })
    const timedOut = outcome.code === 'interrupted' && over.signal.aborted
    return result(timedOut ? 'timeout' : outcome.code, outcome.text)
  } catch (error) {
    return error instanceof Fault
      ? result(error.code, error.detail)
      : result('internal.invariant', String(error))
  } finally {
    cancelTimeout()
  }
}

/** An address as a file name: letters, digits and a few signs as they are. */
const directoryName = (email: string): string =>
  encodeURIComponent(email.trim().toLowerCase()).replaceAll('*', '%2A')

function report(total: number, results: readonly FleetResult[], elapsedMs: number): FleetReport {
  const complete = results.filter(({ code }) => code === 0)
  const times = complete.map((result) => result.elapsedMs).sort((a, b) => a - b)
  const failed = Map.groupBy(
    results.filter(({ code }) => code !== 0),
    ({ code }) => codeName(code),
  )
  const left = total - results.length
  return {
    total,
    complete: complete.length,
    failed: [
      ...[...failed].map(([code, [first, ...others]]) => ({
        code,
        text: first?.text ?? '',
        count: others.length + 1,
      })),
      ...(left > 0 ? [{ code: 'not_begun', text: '', count: left }] : []),
    ],
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    elapsedMs,
  }
}

/** `E05` for a code the handheld shows, words as they are. */
export const codeName = (code: FleetResult['code']): string =>
  typeof code === 'number' ? `E${String(code).padStart(2, '0')}` : code
