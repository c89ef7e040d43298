/** A worker of `simulate.ts`: runs the seeds it is sent, one after the other. */
import { join } from 'node:path'
import { type PlantedName, plant } from './planted/all.ts'
import { runSeed } from './run-seed.ts'

const [directory = '', name = ''] = process.argv.slice(2)
const options = { template: join(directory, 'template'), directory, keepTimeline: true }

process.on('message', async (seed: number) => {
  const planted = name === '' ? {} : { planted: plant(name as PlantedName) }
  process.send?.(await runSeed(seed, { ...options, ...planted }))
})
