import { Worker } from 'node:worker_threads'
import { Fault, isFaultCode } from '#kernel/fault.ts'
import type { WriteAnswer, WriteCall } from './writer.ts'

/** The way to the writer: resolves with each call's value after the commit that holds it. */
export interface WriterPort {
  write(call: Omit<WriteCall, 'id'>): Promise<unknown>
  close(): Promise<void>
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/**
 * Starts the writer's thread for the database at `path`. Calls made in one turn travel as one message.
 * @param onBatch told how many calls shared each commit
 */
export function startWriterThread(path: string, onBatch: (calls: number) => void = () => {}): WriterPort {
  const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), { workerData: { path } })
  const waiting = new Map<number, Waiting>()
  let outgoing: WriteCall[] = []
  let lastId = 0
  const closed = new Promise<void>((resolve) => worker.once('exit', () => resolve()))

  worker.on('message', (answers: WriteAnswer[] | 'closed') => {
    if (answers === 'closed') return
    onBatch(answers.length)
    for (const answer of answers) settle(waiting, answer)
  })
  let ended = false
  const stopped = (cause?: unknown) => {
    ended = true
    failAll(waiting, new Fault('store.unavailable', 'the writer stopped', cause))
  }
  worker.on('error', stopped)
  worker.on('exit', () => stopped())

  const flush = () => {
    const calls = outgoing
    outgoing = []
    worker.postMessage(calls)
  }
  return {
    write: (call) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(new Fault('store.unavailable', 'the writer stopped'))
        lastId += 1
        waiting.set(lastId, { resolve, reject })
        if (outgoing.push({ id: lastId, ...call }) === 1) queueMicrotask(flush)
      }),
    close: async () => {
      if (outgoing.length > 0) flush()
      worker.postMessage('close')
      await closed
    },
  }
}

function settle(waiting: Map<number, Waiting>, answer: WriteAnswer): void {
  const one = waiting.get(answer.id)
  waiting.delete(answer.id)
  if (answer.ok) one?.resolve(answer.value)
  else one?.reject(revived(answer.error))
}

function failAll(waiting: Map<number, Waiting>, error: Fault): void {
  for (const one of waiting.values()) one.reject(error)
  waiting.clear()
}

function revived(error: unknown): unknown {
  const { code, detail, message } = error as { code?: string; detail?: string; message?: string }
  if (code !== undefined && isFaultCode(code)) return new Fault(code, detail)
  return new Error(message ?? 'the store failed')
}
