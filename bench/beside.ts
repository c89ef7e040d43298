/**
 * Time to activate beside Postfix and Dovecot, from the relay's taking the request to Activation Complete, by each way
 * of hearing about the mail: against the same mail's way to a raw client and against matter.js. Then many in flight.
 */
import type { KeyStretching } from '#crypto/key-stretching.ts'
import { missingPeer } from '../test/support/peers.ts'
import { activateAll } from './support/activate-many.ts'
import { activateOne } from './support/activate-one.ts'
import { cpuTimes } from './support/cpu-time.ts'
import type { Helper, Postkey } from './support/helper.ts'
import { openMailPath } from './support/mail-path.ts'
import { makeScope, type SiteWithPostkey, startBesideSite } from './support/mail-site.ts'
import { commission, startMatter } from './support/matter.ts'
import {
  alone,
  atLeast,
  atMost,
  compared,
  limited,
  median,
  type Part,
  type PartOptions,
  quantile,
  type Row,
} from './support/part.ts'
import { addUsers, type BenchUser, makeKnownStretching } from './support/passwords.ts'

interface Way {
  readonly set: readonly string[]
  readonly push?: boolean
  /** Activations that warm up, and those that are measured. */
  readonly whole: readonly [warm: number, measured: number]
  readonly quick: readonly [warm: number, measured: number]
}

const off = ['agent.relay_hint=false', 'agent.idle=false', 'agent.poll_seconds=0']
const ways: Readonly<Record<string, Way>> = {
  "the relay's hint": {
    set: ['agent.idle=false', 'agent.poll_seconds=0'],
    whole: [50, 100],
    quick: [1, 5],
  },
  'the push hook': { set: off, push: true, whole: [20, 50], quick: [0, 2] },
  'LIST-STATUS alone': {
    set: [...off.slice(0, 2), 'agent.poll_seconds=1'],
    whole: [10, 50],
    quick: [0, 1],
  },
  IDLE: { set: [off[0] ?? '', off[2] ?? '', 'agent.idle=true'], whole: [10, 50], quick: [0, 1] },
}
const hint = "the relay's hint"

export const part: Part = {
  about: 'whole activations beside Postfix and Dovecot, by each way of hearing about the mail',
  run: async (options) => {
    const missing = missingPeer('dovecot', 'postfix')
    if (missing !== false) {
      options.say(`left out: ${missing}`)
      return []
    }
    // It takes longer to start than all the rest of a quick run.
    const matter = options.quick ? null : await startMatter(options)
    try {
      const rows: Row[] = []
      for (const [name, way] of Object.entries(ways))
        rows.push(...(await byOneWay(options, name, way, name === hint ? matter : null)))
      return [...rows, ...(await inFlight(options, matter))]
    } finally {
      await matter?.stop()
    }
  },
}

interface Round {
  /** From the relay's taking the request until the handheld shows Activation Complete. */
  readonly tookMs: number
  readonly floorMs: number
  readonly matterMs: number | null
}

async function byOneWay(options: PartOptions, name: string, way: Way, matter: Helper | null): Promise<Row[]> {
  const [warm, measured] = options.quick ? way.quick : way.whole
  const scope = makeScope()
  try {
    // The raw client's mails go to a mailbox that nobody activates by.
    const site = await startBesideSite(scope, warm + measured + 1, { set: way.set, push: way.push ?? false })
    const path = await openMailPath({ ...site.postfix, ...site.dovecot })
    scope.after(path.close)
    const known = makeKnownStretching()
    options.say(`${name}: adding ${warm + measured} users`)
    const users = await addUsers(site.postkey, site.owners.slice(1), known.precompute)
    const rounds: Round[] = []
    for (const [i, user] of users.entries()) {
      const round = await oneRound(site, user, known.stretching, path, i < warm ? null : matter)
      if (i >= warm) rounds.push(round)
      if ((i + 1 - warm) % 10 === 0) options.say(`${name}: ${i + 1 - warm} of ${measured}`)
    }
    return rowsOf(name, rounds)
  } finally {
    await scope.end()
  }
}

async function oneRound(
  { postkey, owners }: SiteWithPostkey,
  user: BenchUser,
  stretching: KeyStretching,
  path: Awaited<ReturnType<typeof openMailPath>>,
  matter: Helper | null,
): Promise<Round> {
  const { completeAtMs } = await activateOne(postkey, user, stretching)
  return {
    tookMs: completeAtMs - (await takenAtMs(postkey, user)),
    floorMs: await path.timeMs(owners[0] ?? ''),
    matterMs: matter && (await commission(matter)),
  }
}

async function takenAtMs({ admin }: Postkey, { email }: BenchUser): Promise<number> {
  const { timeline } = await admin.activations.explain(email)
  const taken = timeline.find(({ name }) => name === 'relay took the request')
  if (!taken) throw new Error(`the relay took no request of ${email}`)
  return taken.atMs
}

function rowsOf(name: string, rounds: readonly Round[]): Row[] {
  const took = rounds.map(({ tookMs }) => tookMs)
  const work = rounds.length
  const isHint = name === hint
  const matter = rounds.flatMap(({ matterMs }) => matterMs ?? [])
  const p99 = `activation beside Dovecot by ${name}, p99`
  return [
    compared({
      name: `activation beside Dovecot by ${name}, p50`,
      unit: 'ms',
      values: took,
      floors: rounds.map(({ floorMs }) => floorMs),
      floor: 'SMTP, mailbox, raw FETCH',
      work,
      ...(isHint ? { target: atMost(3) } : {}),
    }),
    ...(matter.length === work
      ? [
          compared({
            name: `activation beside Dovecot by ${name}, against matter.js`,
            unit: 'ms',
            values: took,
            floors: matter,
            floor: 'matter.js commissioning',
            work,
            target: atMost(0.5),
          }),
        ]
      : []),
    isHint
      ? limited(p99, 'ms', [quantile(took, 0.99)], work, 4 * median(took))
      : alone(p99, 'ms', [quantile(took, 0.99)], work),
  ]
}

const parallel = 32

/** The handhelds are in this process, which does nothing else meanwhile. */
async function inFlight(options: PartOptions, matter: Helper | null): Promise<Row[]> {
  const [rounds, count] = options.quick ? [1, 8] : [5, 3 * parallel]
  const scope = makeScope()
  try {
    const many = count * (rounds + 1)
    const site = await startBesideSite(scope, many, { set: ways[hint]?.set ?? [], push: false })
    const known = makeKnownStretching()
    options.say(`${parallel} in flight: adding ${many} users`)
    const users = await addUsers(site.postkey, site.owners, known.precompute)
    const rates: number[] = []
    const floors: number[] = []
    let cpu: CpuTimes | null = null
    for (let round = 0; round <= rounds; round += 1) {
      const some = users.slice(round * count, (round + 1) * count)
      const before = cpuOf(site)
      const elapsedMs = await activateAll(site.postkey, some, parallel, known.stretching)
      const used = cpuBetween(before, cpuOf(site), count)
      options.say(`${parallel} in flight: round ${round} of ${rounds}`)
      // The first warms up.
      if (round === 0) continue
      rates.push((count * 1000) / elapsedMs)
      if (matter) floors.push(1000 / (await commission(matter)))
      cpu = addedUp(cpu, used, rounds)
    }
    return [
      rateRow(rates, floors, count * rounds),
      ...Object.entries(cpu ?? {}).map(([name, ms]) =>
        alone(`processor time of one activation, ${name}`, 'ms', [ms], count * rounds),
      ),
    ]
  } finally {
    await scope.end()
  }
}

const rateRow = (values: readonly number[], floors: readonly number[], work: number): Row => {
  const name = `activations beside Dovecot, ${parallel} in flight`
  return floors.length === values.length
    ? compared({
        name,
        unit: '1/s',
        values,
        floors,
        floor: 'matter.js, one after the other',
        work,
        target: atLeast(5),
      })
    : alone(name, '1/s', values, work)
}

type CpuTimes = Readonly<Record<'Postkey' | 'Dovecot' | 'Postfix' | 'handhelds', number>>

const cpuOf = ({ postkey, dovecot, postfix }: SiteWithPostkey): CpuTimes => {
  const { user, system } = process.cpuUsage()
  const servers = cpuTimes({ Postkey: postkey.pid, Dovecot: dovecot.pid(), Postfix: postfix.pid })
  // What this process has started is counted with the servers.
  return { ...servers, handhelds: (user + system) / 1000 }
}

const mapped = (times: CpuTimes, change: (ms: number, name: keyof CpuTimes) => number): CpuTimes =>
  Object.fromEntries(
    Object.entries(times).map(([name, ms]) => [name, change(ms, name as keyof CpuTimes)]),
  ) as CpuTimes

const cpuBetween = (before: CpuTimes, now: CpuTimes, count: number): CpuTimes =>
  mapped(now, (ms, name) => (ms - before[name]) / count)

/** A mean over the rounds. */
const addedUp = (sum: CpuTimes | null, one: CpuTimes, rounds: number): CpuTimes =>
  mapped(one, (ms, name) => (sum?.[name] ?? 0) + ms / rounds)
