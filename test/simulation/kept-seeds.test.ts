/** Seeds that ever failed are kept and run each time: add a seed to kept-seeds.json when it has failed. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { simulate } from './support/simulated.ts'

const kept: number[] = JSON.parse(readFileSync(join(import.meta.dirname, 'kept-seeds.json'), 'utf8'))

test('seeds that failed once do not fail again', async () => {
  const result = await simulate(['--seeds', kept.join(','), '--workers', '1'])
  assert.equal(result.violations, 0, result.output)
  assert.equal(result.seeds, kept.length)
})

test('the same seed goes the same way twice', async () => {
  const seeds = ['--seeds', '1..4', '--workers', '1', '--trace']
  const traces = async () => (await simulate(seeds)).output.match(/^seed \d+ trace [0-9a-f]+$/gm)
  const first = await traces()
  assert.equal(first?.length, 4)
  assert.equal(new Set(first?.map((line) => line.split(' ').at(-1))).size, 4, 'other seeds go other ways')
  assert.deepEqual(await traces(), first)
})
