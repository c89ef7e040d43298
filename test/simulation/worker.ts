/** A worker of `simulate.ts`: runs the seeds it is sent, one after the other. */
import { join } from 'node:path'
import { plant } from './planted/all.ts'
import { nothingPlanted } from './planted/planted.ts'
import { runSeed } from './run-seed.ts'
import type { Task } from './simulate.ts'

const [directory = ''] = process.argv.slice(2)
const options = { template: join(directory, 'template'), directory, keepTimeline: true }

process.on('message', async ({ seed, planted, governed }: Task) => {
  const mistake = planted === null ? nothingPlanted : plant(planted)
  process.send?.(await runSeed(seed, { ...options, planted: mistake, governed }))
})
