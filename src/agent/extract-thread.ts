/** The thread that reads strangers' mail. It holds no key and sees no environment. */
import { parentPort } from 'node:worker_threads'
import { assert } from '#kernel/assert.ts'
import { extractEtpFiles } from './extract.ts'
import type { ThreadAnswer, ThreadQuestion } from './extract-worker.ts'

assert(parentPort, 'runs as a thread')
const port = parentPort

port.on('message', async ({ id, mail }: ThreadQuestion) => {
  const answer: ThreadAnswer = { id, ...(await extractEtpFiles(mail)) }
  port.postMessage(answer)
})
port.postMessage('ready')
