// Stands in for the reading thread: the mail's first byte says what it does.

import { parentPort } from 'node:worker_threads'
import type { ThreadQuestion } from '#agent/extract-worker.ts'

export const greedy = { spin: 1, grow: 2, exit: 3, environment: 4 } as const

parentPort?.on('message', ({ id, mail }: ThreadQuestion) => {
  if (mail[0] === greedy.spin) for (;;);
  if (mail[0] === greedy.grow) for (const hoard: unknown[] = []; ; ) hoard.push({ more: hoard.length })
  if (mail[0] === greedy.exit) process.exit(0)
  const seen = Buffer.from(Object.keys(process.env).join())
  parentPort?.postMessage({ id, files: mail[0] === greedy.environment ? [seen] : [mail], stoppedAt: null })
})
parentPort?.postMessage('ready')
