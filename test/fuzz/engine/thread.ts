/** The thread in which one target is fuzzed, so that a hang or a full heap in it can be ended and named. */
import { parentPort, workerData } from 'node:worker_threads'
import { startCoverage } from './coverage.ts'
import { type FuzzResult, fuzz } from './engine.ts'
import type { FuzzTarget } from './target.ts'

export interface ThreadTask {
  /** A module whose `targets` has the target. */
  readonly module: string
  readonly target: string
  readonly corpus: readonly Uint8Array[]
  readonly seed: number
  readonly seconds: number
  readonly executionsMax?: number
  readonly guided?: boolean
  /** Parts of paths of the code whose coverage guides. */
  readonly covered: readonly string[]
  /** The input that is running now: its length, then its bytes. */
  readonly running: SharedArrayBuffer
  /** Counts the executions. */
  readonly beat: SharedArrayBuffer
}

export interface ThreadResult extends Omit<FuzzResult, 'failure'> {
  readonly failure: { readonly input: Uint8Array; readonly says: string } | null
}

async function work(task: ThreadTask): Promise<ThreadResult> {
  const coverage = startCoverage((url) => task.covered.some((part) => url.includes(part)))
  const { targets } = (await import(task.module)) as { readonly targets: readonly FuzzTarget[] }
  const target = targets.find(({ name }) => name === task.target)
  if (!target) throw new Error(`no target is called ${task.target}`)
  const running = new Uint8Array(task.running)
  const length = new DataView(task.running)
  const beat = new Int32Array(task.beat)
  const before = (input: Uint8Array): void => {
    length.setUint32(0, input.length)
    running.set(input, 4)
    Atomics.add(beat, 0, 1)
  }
  const untilMs = Date.now() + task.seconds * 1_000
  const { seed, executionsMax, guided = true } = task
  const limit = executionsMax === undefined ? {} : { executionsMax }
  const result = await fuzz(target, task.corpus, coverage, { seed, untilMs, guided, before, ...limit })
  coverage.stop()
  const { failure } = result
  return { ...result, failure: failure && { input: failure.input, says: said(failure.error) } }
}

const said = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)

parentPort?.postMessage(await work(workerData as ThreadTask))
