/**
 * Whole activations against `bin/postkey serve` with its defaults, the handhelds in this process: one at a time
 * against the sum of their floors and against matter.js, then many in flight.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { scryptStretching } from '#crypto/key-stretching.ts'
import { activateAll } from './support/activate-many.ts'
import { activateOne, type OneActivation } from './support/activate-one.ts'
import { type ActivationFloor, startActivationFloor } from './support/activation-floor.ts'
import { type Helper, type Postkey, startPostkey, temporaryDirectory } from './support/helper.ts'
import { commission, startMatter } from './support/matter.ts'
import {
  alone,
  atLeast,
  atMost,
  compared,
  median,
  type Part,
  type PartOptions,
  quantile,
  type Row,
} from './support/part.ts'
import { addUsers, type BenchUser, makeKnownStretching, named, stretchFor } from './support/passwords.ts'
import { commitsBetween, readWal } from './support/wal.ts'

export const part: Part = {
  about:
    'whole activations on the embedded default, against their floors and against matter.js commissioning',
  run: async (options) => {
    const directory = temporaryDirectory()
    const [postkey, matter, floor] = await Promise.all([
      startPostkey('serve'),
      startMatter(options),
      startActivationFloor(directory),
    ])
    try {
      const single = await oneAtATime(options, { postkey, matter, floor })
      return [...rowsOfSingles(single), ...(await inFlight(options, postkey))]
    } finally {
      await floor.close()
      await matter?.stop()
      await postkey.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

interface Measured {
  readonly postkey: Postkey
  readonly matter: Helper | null
  readonly floor: ActivationFloor
}

interface Round extends OneActivation {
  readonly stretchMs: number
  /** Null where matter.js cannot run here. */
  readonly matterMs: number | null
  /** Null where the store's log began anew during the activation. */
  readonly commits: number | null
  readonly submissionMs: number
  readonly fetchMs: number
  readonly verifierMs: number
  readonly commitMs: number
}

async function oneAtATime(options: PartOptions, measured: Measured): Promise<Round[]> {
  await warmUp(options, measured)
  const count = options.quick ? 5 : 25
  const known = makeKnownStretching()
  options.say(`adding ${count} users`)
  const users = await addUsers(measured.postkey, named('single', count), known.precompute)
  const rounds: Round[] = []
  for (const [i, user] of users.entries()) {
    rounds.push(await oneRound(measured, user, known.stretching))
    options.say(`one at a time: ${i + 1} of ${count}`)
  }
  return rounds
}

/** A server runs for weeks: what is measured is not how it starts. matter.js gets its start as well. */
async function warmUp(options: PartOptions, { postkey, matter }: Measured): Promise<void> {
  const [activations, commissionings] = options.quick ? [12, 1] : [100, 10]
  const known = makeKnownStretching()
  options.say(`warming up: ${activations} activations`)
  const users = await addUsers(postkey, named('warm', activations), known.precompute)
  await activateAll(postkey, users, 4, known.stretching)
  for (let i = 0; i < commissionings; i += 1) if (matter) await commission(matter)
}

async function oneRound(
  { postkey, matter, floor }: Measured,
  user: BenchUser,
  stretching: Parameters<typeof activateOne>[2],
): Promise<Round> {
  const wal = join(postkey.data, 'postkey.db-wal')
  const before = readWal(wal)
  const activation = await activateOne(postkey, user, stretching)
  const commits = commitsBetween(before, readWal(wal))
  const begunMs = performance.now()
  await stretchFor(scryptStretching, user)
  const stretchMs = performance.now() - begunMs
  return {
    ...activation,
    stretchMs,
    commits,
    submissionMs: await floor.submissionMs(),
    fetchMs: await floor.fetchMs(),
    verifierMs: await floor.verifierMs(),
    commitMs: await floor.commitMs(),
    matterMs: matter && (await commission(matter)),
  }
}

function rowsOfSingles(rounds: readonly Round[]): Row[] {
  const work = rounds.length
  const of = (pick: (round: Round) => number) => rounds.map(pick)
  const commits = median(rounds.flatMap((round) => round.commits ?? []))
  const elapsed = of(({ elapsedMs }) => elapsedMs)
  const floors = of(
    (round) =>
      round.submissionMs + round.fetchMs + round.verifierMs + (round.commits ?? commits) * round.commitMs,
  )
  return [
    compared({
      name: 'activation, one at a time',
      unit: 'ms',
      values: elapsed,
      floors,
      floor: 'sum of its floors',
      work,
      target: atLeast(0.4),
      inverted: true,
    }),
    ...againstMatter(rounds),
    alone('activation, 99 % within', 'ms', [quantile(elapsed, 0.99)], work),
    alone(
      'key stretching on the handheld',
      'ms',
      of(({ stretchMs }) => stretchMs),
      work,
    ),
    alone(
      'commits of one activation',
      'commits',
      rounds.flatMap((round) => round.commits ?? []),
      work,
    ),
    alone(
      'bare commit',
      'ms',
      of(({ commitMs }) => commitMs),
      work,
    ),
    alone(
      'bare SMTP submission',
      'ms',
      of(({ submissionMs }) => submissionMs),
      work,
    ),
    alone(
      'bare IMAP fetch',
      'ms',
      of(({ fetchMs }) => fetchMs),
      work,
    ),
    alone(
      'bare verifier',
      'ms',
      of(({ verifierMs }) => verifierMs),
      work,
    ),
    ...stageRows(rounds),
  ]
}

function againstMatter(rounds: readonly Round[]): Row[] {
  const floors = rounds.flatMap(({ matterMs }) => matterMs ?? [])
  if (floors.length < rounds.length) return []
  const matter = { floors, floor: 'matter.js commissioning', unit: 'ms', work: rounds.length }
  return [
    compared({
      name: 'activation without key stretching',
      values: rounds.map(({ elapsedMs }) => elapsedMs),
      target: atMost(0.25),
      ...matter,
    }),
    compared({
      name: 'activation with key stretching',
      values: rounds.map(({ elapsedMs, stretchMs }) => elapsedMs + stretchMs),
      target: atMost(0.6),
      ...matter,
    }),
  ]
}

/** How long after the stage before it the handheld came into each stage. */
function stageRows(rounds: readonly Round[]): Row[] {
  const names = [...(rounds[0]?.stages.keys() ?? [])]
  return names.map((name, i) => {
    const before = names[i - 1]
    const took = rounds.map(
      ({ stages }) =>
        (stages.get(name) ?? Number.NaN) - (before === undefined ? 0 : (stages.get(before) ?? 0)),
    )
    return alone(`until ${name}`, 'ms', took, rounds.length)
  })
}

async function inFlight(options: PartOptions, postkey: Postkey): Promise<Row[]> {
  const rows: Row[] = []
  for (const parallel of options.quick ? [8] : [8, 32]) {
    const rounds = options.quick ? 2 : 5
    const rates: number[] = []
    const known = makeKnownStretching()
    const count = options.quick ? 8 : 64
    options.say(`${parallel} in flight: adding ${count * rounds} users`)
    const users = await addUsers(postkey, named(`many${parallel}x`, count * rounds), known.precompute)
    for (let round = 0; round < rounds; round += 1) {
      const some = users.slice(round * count, (round + 1) * count)
      rates.push((count * 1000) / (await activateAll(postkey, some, parallel, known.stretching)))
      options.say(`${parallel} in flight: round ${round + 1} of ${rounds}`)
    }
    rows.push(alone(`activations, ${parallel} in flight`, '1/s', rates, count * rounds))
  }
  return [...rows, alone('peak memory of the server', 'MiB', [postkey.peakKib() / 1024], 1)]
}
