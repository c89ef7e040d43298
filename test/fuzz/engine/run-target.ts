/** Fuzzes one target in a thread of its own, and ends and names an input that never comes back. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { PlacedTarget } from '../targets/all.ts'
import { readCorpus } from './corpus.ts'
import { fuzzBytesMax } from './target.ts'
import type { ThreadResult, ThreadTask } from './thread.ts'

export interface RunOptions {
  readonly seconds: number
  readonly seed: number
  readonly executionsMax?: number
  readonly guided?: boolean
  /** The code whose coverage guides; the server's where nothing is said. */
  readonly covered?: readonly string[]
  /** What counts as a hang, for tests of it. */
  readonly hangMs?: number
}

const root = join(import.meta.dirname, '..', '..', '..')
const serverCode = [pathToFileURL(join(root, 'src')).href]

/** An input that takes so long, beside other work on the machine, is a hang. */
const hangMsMax = 20_000
/** A decoder of a few kilobytes needs nothing near it. */
const heapMb = 512

export async function runTarget(
  { target, module }: PlacedTarget,
  options: RunOptions,
): Promise<ThreadResult> {
  const { covered = serverCode, hangMs = hangMsMax, ...rest } = options
  const { name } = target
  const running = new SharedArrayBuffer(4 + 16 * fuzzBytesMax)
  const beat = new SharedArrayBuffer(4)
  const corpus = [...readCorpus(name, 'failed'), ...(await target.seeds()), ...readCorpus(name, 'found')]
  const task: ThreadTask = { module, covered, target: name, corpus, running, beat, ...rest }
  const thread = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: heapMb, stackSizeMb: 4 },
  })
  try {
    return await answerOf(thread, running, beat, hangMs)
  } finally {
    await thread.terminate()
  }
}

function answerOf(
  thread: Worker,
  running: SharedArrayBuffer,
  beat: SharedArrayBuffer,
  hangMs: number,
): Promise<ThreadResult> {
  return new Promise((resolve) => {
    let lastBeat = -1
    const watch = setInterval(() => {
      const now = Atomics.load(new Int32Array(beat), 0)
      // Before the first input the thread still loads its code.
      if (now === lastBeat && now > 0) fail(`no answer within ${hangMs / 1_000} s`)
      lastBeat = now
    }, hangMs)
    const settle = (result: ThreadResult): void => {
      clearInterval(watch)
      resolve(result)
    }
    const fail = (says: string): void =>
      settle(broken(new Uint8Array(running), Atomics.load(new Int32Array(beat), 0), says))
    thread.on('message', settle)
    thread.on('error', (error) =>
      fail(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    )
    thread.on('exit', () => fail('the thread ended'))
  })
}

function broken(running: Uint8Array, executions: number, says: string): ThreadResult {
  const length = new DataView(running.buffer).getUint32(0)
  const input = running.slice(4, 4 + length)
  const nothing = { elapsedMs: 0, blocksBefore: 0, blocks: 0, corpus: [], found: [] }
  return { ...nothing, executions, failure: { input, says } }
}
