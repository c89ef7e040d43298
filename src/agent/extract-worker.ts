/**
 * Reads mails in a thread of its own with a budget of time and memory. A mail that exceeds it is set aside and
 * the thread replaced; nothing else is disturbed.
 */
import { Worker } from 'node:worker_threads'
import type { Clock } from '#kernel/clock.ts'
import { limits } from '#kernel/limits.ts'
import type { Extracted } from './extract.ts'

/** A mail that could not be read: it stays in its mailbox, and reading goes on behind it. */
export interface SetAside {
  readonly setAside: 'time' | 'memory' | 'crash'
}

export interface Extractor {
  /** Rejects only where no mail can be read at all. */
  extract(mail: Uint8Array): Promise<Extracted | SetAside>
  close(): Promise<void>
}

export interface ExtractorOptions {
  readonly clock: Clock
  readonly timeMs?: number
  readonly memoryMb?: number
  /** The module the thread runs, for tests. */
  readonly thread?: URL
}

export interface ThreadQuestion {
  readonly id: number
  readonly mail: Uint8Array
}

export interface ThreadAnswer extends Extracted {
  readonly id: number
}

/** A mail of 256 KiB with its parts and their copies takes a few MiB; the parser itself about 20. */
const memoryMbMax = 96
const startMsMax = 30_000

/** Starts at once, so that the first mail finds a warm thread. Mails are read one after the other. */
export function startExtractor(options: ExtractorOptions): Extractor {
  let thread: Promise<Worker> | null = null
  let closing = false
  let last: Promise<unknown> = Promise.resolve()
  let lastId = 0

  const started = (): Promise<Worker> => {
    thread ??= startThread(options)
    // Whoever waits for the thread hears of its failing start; the next mail starts another.
    thread.catch(() => {
      thread = null
    })
    return thread
  }

  const extractOne = async (mail: Uint8Array): Promise<Extracted | SetAside> => {
    if (closing) throw new Error('the extractor is closed')
    const worker = await started()
    lastId += 1
    const answer = await ask(worker, { id: lastId, mail }, options)
    if ('files' in answer) return { files: answer.files, stoppedAt: answer.stoppedAt }
    thread = null
    await worker.terminate()
    if (!closing) started().catch(() => {})
    return answer
  }

  started().catch(() => {})
  return {
    extract: (mail) => {
      const result = last.then(() => extractOne(mail))
      last = result.catch(() => {})
      return result
    },
    close: async () => {
      closing = true
      await thread?.then((worker) => worker.terminate()).catch(() => {})
    },
  }
}

function startThread(options: ExtractorOptions): Promise<Worker> {
  const worker = new Worker(options.thread ?? new URL('./extract-thread.ts', import.meta.url), {
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: options.memoryMb ?? memoryMbMax, stackSizeMb: 4 },
  })
  // Between two mails nobody else listens, and an error without a listener would end the process.
  worker.on('error', () => {})
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      cancel()
      worker.off('message', ready).off('error', fail).off('exit', ended)
      act()
    }
    const ready = () => settle(() => resolve(worker))
    const fail = (error: unknown) => settle(() => void worker.terminate().finally(() => reject(error)))
    const ended = () => fail(new Error('the thread ended at its start'))
    const cancel = options.clock.after(startMsMax, () => fail(new Error('the thread did not start')))
    worker.on('message', ready).on('error', fail).on('exit', ended)
  })
}

function ask(
  worker: Worker,
  question: ThreadQuestion,
  { clock, timeMs = limits.mimeTimeMs }: ExtractorOptions,
): Promise<ThreadAnswer | SetAside> {
  return new Promise((resolve) => {
    const settle = (answer: ThreadAnswer | SetAside) => {
      cancel()
      worker.off('message', settle).off('error', failed).off('exit', ended)
      resolve(answer)
    }
    const failed = (error: unknown) => settle({ setAside: isOutOfMemory(error) ? 'memory' : 'crash' })
    const ended = () => settle({ setAside: 'crash' })
    const cancel = clock.after(timeMs, () => settle({ setAside: 'time' }))
    worker.on('message', settle).on('error', failed).on('exit', ended)
    worker.postMessage(question)
  })
}

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
