/** The fuzzer is worth its time only while it finds what is there: a planted bug, a hang, a full heap. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { broken } from './engine/broken.ts'
import { makeDice, mutate } from './engine/mutate.ts'
import { plantedTarget } from './engine/planted.ts'
import { fuzzOne } from './engine/report.ts'
import { runTarget } from './engine/run-target.ts'

const planted = { target: plantedTarget, module: new URL('engine/planted.ts', import.meta.url).href }
const covered = ['/src/protocol/', '/test/fuzz/engine/planted.ts']
/** Executions are the bound; the time is for machines that are busy with something else. */
const limits = { seconds: 80, executionsMax: 1_500_000, covered }

test('coverage leads to a bug that is three exact bytes away, and without it as many tries are not enough', async (t) => {
  const guided = await fuzzOne(planted, { ...limits, seed: 1 })
  t.diagnostic(guided.line)
  assert.match(guided.failure?.says ?? 'found nothing', /the planted bug/)
  assert.match(guided.line, /again: npm run fuzz -- planted --input [0-9a-f]+$/)
  assert(guided.executions > 1_000, `${guided.executions} executions`)
  assert(guided.found.length >= 3, 'each step towards it joined the corpus')
  assert(guided.blocks > guided.blocksBefore, 'coverage grew')

  const blind = await runTarget(planted, {
    ...limits,
    executionsMax: guided.executions,
    guided: false,
    seed: 1,
  })
  t.diagnostic(`without guidance: ${blind.executions} executions, failure: ${blind.failure !== null}`)
  assert.equal(blind.failure, null)
  assert(blind.executions >= guided.executions, `${blind.executions} executions`)
})

for (const [name, says, hangMs] of [
  ['hangs', /no answer within/, 4_000],
  ['fills-the-heap', /memory/, 40_000],
] as const)
  test(`an input that ${name.replaceAll('-', ' ')} is ended, and named`, async () => {
    const target = broken.find((one) => one.name === name)
    assert(target)
    const module = new URL('engine/broken.ts', import.meta.url).href
    const { failure } = await runTarget({ target, module }, { seconds: 60, seed: 1, hangMs })
    assert.match(failure?.says ?? 'found nothing', says)
    assert(Buffer.from(failure?.input ?? []).includes('!'), 'the input that did it')
  })

test('the same seed makes the same mutations, each within its bounds', () => {
  const inputs = (seed: number): string[] => {
    const dice = makeDice(seed)
    const base = Buffer.from('a length of 12 bytes: \x00\x0c')
    const material = { dice, other: () => base, dictionary: [Buffer.from('word')], bytesMax: 64 }
    return Array.from({ length: 2_000 }, () => Buffer.from(mutate(base, material)).toString('hex'))
  }
  assert.deepEqual(inputs(5), inputs(5))
  assert.notDeepEqual(inputs(5), inputs(6))
  assert(new Set(inputs(5)).size > 1_500, 'they differ')
  assert(inputs(5).every((hex) => hex.length <= 128))
})
