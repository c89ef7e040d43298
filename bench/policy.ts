/**
 * A policy change that reaches a whole group: signed for each handheld, queued, sent by the relay, applied and
 * acknowledged, against the least that it costs (one RSA-3072 signature and two durable messages for each handheld).
 */
import { generateKeyPairSync, sign } from 'node:crypto'
import { rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { contentOfSigned } from './support/cms-content.ts'
import { type Handhelds, keepHandhelds } from './support/handhelds.ts'
import { type Postkey, startHelper, startPostkey, temporaryDirectory } from './support/helper.ts'
import { alone, atLeast, compared, median, type Part, type PartOptions, type Row } from './support/part.ts'
import { addUsers, makeKnownStretching, named } from './support/passwords.ts'
import { joinRelay, type RelayEnds } from './support/relay-ends.ts'
import type { RelayReady } from './support/relay-process.ts'
import { perSecond } from './support/rounds.ts'
import { statementsOfOneChange } from './support/statements.ts'

const target = 0.3
const inFlight = 64
const timeoutMs = 120_000
const relayFile = new URL('./support/relay-process.ts', import.meta.url)

export const part: Part = {
  about: 'a policy change for a group of handhelds: signing, queue, relay and acknowledgements',
  run: async (options) => {
    const count = options.quick ? 12 : 500
    const directory = temporaryDirectory()
    const relay = await startHelper(relayFile, directory)
    const postkey = await startPostkey('serve')
    const ends = await joinRelay(relay.ready as RelayReady, relayUrl(relay.ready as RelayReady), 8)
    try {
      const handhelds = await groupOf(options, postkey, count)
      try {
        const rounds = await measure(options, postkey, handhelds, ends, count)
        return [...rowsOf(rounds, count), await statementRow(options)]
      } finally {
        await handhelds.close()
      }
    } finally {
      await ends.close()
      await relay.stop()
      await postkey.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

const relayUrl = ({ tls }: RelayReady): string => `wss://127.0.0.1:${tls}`

/** Handhelds that are at work, in a group with a policy of its own. They take signatures on trust: their work is not measured. */
async function groupOf(options: PartOptions, postkey: Postkey, count: number): Promise<Handhelds> {
  const known = makeKnownStretching()
  options.say(`activating ${count} handhelds`)
  const users = await addUsers(postkey, named('group', count), known.precompute)
  const handhelds = await keepHandhelds(postkey, users, known.stretching, async (cms) => ({
    ok: true,
    value: contentOfSigned(cms),
  }))
  const { groups, policies } = postkey.admin
  await groups.add('benched')
  await groups.addUsers(
    'benched',
    users.map(({ email }) => email),
  )
  await policies.create('benched')
  await policies.assign('benched', { group: 'benched' })
  return handhelds
}

interface Round {
  readonly perSecond: number
  readonly signMs: number
  readonly messageMs: number
}

async function measure(
  options: PartOptions,
  postkey: Postkey,
  handhelds: Handhelds,
  ends: RelayEnds,
  count: number,
): Promise<Round[]> {
  const key = generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey
  const bytes = Buffer.alloc(512, 7)
  const all: Round[] = []
  const rounds = options.quick ? 5 : 7
  for (let round = 0; round <= rounds; round += 1) {
    const figures = {
      perSecond: await changeReaches(postkey, handhelds, round, count),
      signMs: 1000 / (await perSecond(options.quick ? 100 : 500, () => void sign('sha256', bytes, key))),
      messageMs: 1000 / (await ends.messagesPerSecond(inFlight, options.quick ? 150 : 1_000)),
    }
    // The first one warms up.
    if (round > 0) all.push(figures)
    options.say(`round ${round} of ${rounds}`)
  }
  return all
}

/** Handhelds a second, from the administrator's word until the last one has applied a newer policy. */
async function changeReaches(
  { admin }: Postkey,
  handhelds: Handhelds,
  round: number,
  count: number,
): Promise<number> {
  const before = handhelds.policyNumbers()
  const begunMs = performance.now()
  await admin.policies.change('benched', { password_min_length: String(5 + (round % 2)) })
  for (;;) {
    const now = handhelds.policyNumbers()
    if (now.every((number, i) => number > (before[i] ?? 0))) break
    if (performance.now() - begunMs > timeoutMs) throw new Error('not every handheld has the new policy')
    await setTimeout(2)
  }
  const elapsedMs = performance.now() - begunMs
  await quiet(admin, handhelds)
  return (count * 1000) / elapsedMs
}

/** Until the server knows what the handhelds have: each has the number that it was sent last. */
async function quiet(admin: Postkey['admin'], handhelds: Handhelds): Promise<void> {
  for (let waitedMs = 0; (await admin.queue.list({ limit: 1 })).length > 0; waitedMs += 20) {
    if (waitedMs > timeoutMs) throw new Error('something is still in the queue')
    await setTimeout(20)
  }
  const applied = new Set((await admin.handhelds.list()).map(({ policy }) => policy.applied))
  for (const number of handhelds.policyNumbers())
    if (!applied.has(number)) throw new Error(`the server does not know of policy ${number}`)
}

function rowsOf(rounds: readonly Round[], count: number): Row[] {
  const values = rounds.map((round) => round.perSecond)
  const floors = rounds.map(({ signMs, messageMs }) => 1000 / (signMs + 2 * messageMs))
  const work = count * rounds.length
  const shares = rounds.map(({ perSecond: rate, signMs }) => (100 * signMs * rate) / 1000)
  return [
    compared({
      name: `policy change for ${count} handhelds`,
      unit: 'handhelds/s',
      values,
      floors,
      floor: 'one RSA-3072 signature and two durable messages',
      work,
      target: atLeast(target),
    }),
    alone('share of the signature in it', '%', shares, work),
    alone('bare RSA-3072 signature', 'ms', [median(rounds.map(({ signMs }) => signMs))], rounds.length),
  ]
}

async function statementRow(options: PartOptions): Promise<Row> {
  const count = options.quick ? 8 : 100
  return alone('SQL statements for one handheld', 'statements', [await statementsOfOneChange(count)], count)
}
