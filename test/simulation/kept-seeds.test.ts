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
  const { output } = await simulate(['--seeds', '1..3,1..3', '--workers', '2', '--trace'])
  const traces = output.match(/^seed \d+ trace [0-9a-f]+$/gm) ?? []
  assert.equal(traces.length, 6)
  assert.equal(new Set(traces).size, 3)
  assert.equal(new Set(traces.map((line) => line.split(' ').at(-1))).size, 3, 'other seeds go other ways')
})
