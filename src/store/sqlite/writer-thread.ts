/** The store's one writer, in its own thread: takes what has come in meanwhile as one batch. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { assert } from '#kernel/assert.ts'
import { Fault } from '#kernel/fault.ts'
import { openDatabase } from './database.ts'
import { makeWriter, type WriteAnswer, type WriteCall } from './writer.ts'

/** Most calls in one transaction: bounds how long the first of them waits for its commit. */
const batchCallsMax = 256

const port = parentPort
assert(port, 'the writer runs as a worker thread')
const db = openDatabase(String(workerData.path), 'write')
const write = makeWriter(db, Date.now)

port.on('message', (first: WriteCall[] | 'close') => {
  if (first === 'close') return close()
  const calls = [...first]
  let closing = false
  while (calls.length < batchCallsMax) {
    const more = receiveMessageOnPort(port)
    if (!more) break
    if (more.message === 'close') closing = true
    else calls.push(...(more.message as WriteCall[]))
  }
  port.postMessage(write(calls).map(portable))
  if (closing) close()
})

function close(): void {
  db.close()
  port?.postMessage('closed')
  port?.close()
}

/** Errors lose their class at a thread's border: faults cross as their code. */
function portable(answer: WriteAnswer): WriteAnswer {
  if (answer.ok) return answer
  const { id, error } = answer
  if (error instanceof Fault) return { id, ok: false, error: { code: error.code, detail: error.detail } }
  return {
    id,
    ok: false,
    error: { message: error instanceof Error ? (error.stack ?? error.message) : String(error) },
  }
}
