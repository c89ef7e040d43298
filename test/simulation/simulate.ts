/**
 * `npm run simulate -- --seeds A..B [--governed] [--workers N] [--planted NAME] [--first] [--trace] [--timeline]`: runs
 * seeds, `--governed` with governance in each instead of every second, on two cores unless told otherwise. The last line is the sum; a failing seed prints the line that runs it again, and its
 * timeline. `--first` stops at the first that fails, `--trace` prints what must be the same for the same seed.
 */
import { fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type PlantedName, plantedNames } from './planted/all.ts'
import type { SeedResult } from './run-seed.ts'
import { addResult, newTotals, showFailure, showTotals } from './totals.ts'
import { fastDirectory, makeTemplate } from './world/template.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1..150' },
    workers: { type: 'string', default: '2' },
    planted: { type: 'string' },
    governed: { type: 'boolean', default: false },
    first: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    timeline: { type: 'boolean', default: false },
  },
})

/** A seed to run, with the mistake planted in it. */
export interface Task {
  readonly seed: number
  readonly planted: PlantedName | null
  readonly governed: boolean
}

const { governed } = values
const seeds = readSeeds(values.seeds)
const tasks = readPlanted(values.planted).flatMap((planted) =>
  seeds.map((seed): Task => ({ seed, planted, governed })),
)
const directory = fastDirectory()
const totals = newTotals()
/** Seeds between two lines of progress. */
const progressEvery = 100
/** Mistakes of which one seed is enough. */
const caught = new Set<PlantedName | null>()

try {
  await makeTemplate(join(directory, 'template'))
  const queue = tasks.values()
  await Promise.all(Array.from({ length: Math.min(Number(values.workers), tasks.length) }, () => work(queue)))
} finally {
  rmSync(directory, { recursive: true, force: true })
}
process.stdout.write(showTotals(totals))
process.exitCode = totals.violations > 0 ? 1 : 0

/** One worker process, which takes the next task until none is left. */
function work(queue: Iterator<Task>): Promise<void> {
  const worker = fork(join(import.meta.dirname, 'worker.ts'), [directory])
  let task: Task | undefined
  return new Promise((resolve, reject) => {
    const next = () => {
      do task = queue.next().value
      while (task && values.first && caught.has(task.planted))
      if (task) worker.send(task)
      else worker.disconnect()
    }
    worker.on('message', (result: SeedResult) => {
      if (task) ended(task, result)
      next()
    })
    worker.on('error', reject)
    worker.on('exit', (code) =>
      code === 0 && !task ? resolve() : reject(new Error(`a worker ended with ${code} and left its seed`)),
    )
    next()
  })
}

function ended({ planted }: Task, result: SeedResult): void {
  addResult(totals, result)
  if (totals.seeds % progressEvery === 0 && totals.seeds < tasks.length)
    process.stderr.write(`${totals.seeds} of ${tasks.length} seeds, ${totals.violations} violations\n`)
  if (result.violation) {
    caught.add(planted)
    process.stdout.write(showFailure(result, planted, governed))
  }
  if (values.trace) process.stdout.write(`seed ${result.seed} trace ${result.trace}\n`)
  if (values.timeline) process.stdout.write(`${result.timeline.join('\n')}\n`)
}

/** `3`, `1..150`, or several with commas. */
function readSeeds(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [, from, to = from] = /^(\d+)(?:\.\.(\d+))?$/.exec(part) ?? []
    if (from === undefined || Number(to) < Number(from)) throw new Error(`no seeds: ${part}`)
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i)
  })
}

/** None, one, or several with commas: the seeds are run with each of them. */
function readPlanted(names: string | undefined): (PlantedName | null)[] {
  if (names === undefined) return [null]
  return names.split(',').map((name) => {
    const known = plantedNames.find((one) => one === name)
    if (!known) throw new Error(`no such mistake: ${name}; there are ${plantedNames.join(', ')}`)
    return known
  })
}
