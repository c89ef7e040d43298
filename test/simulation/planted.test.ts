/** Each guarantee taken away by a planted mistake: a checker says so within 50 seeds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PlantedName, plantedNames } from './planted/all.ts'
import { simulate } from './support/simulated.ts'

const caughtBy: Readonly<Record<PlantedName, string>> = {
  'ack-before-commit': 'nothing that was acknowledged is missing',
  'no-dedup': 'nothing is acted on twice',
  'cursor-before-events': 'no cursor passes a message that raised neither event nor fault',
  'no-window': 'a packet of a handheld is taken in once',
  'server-proves-first': 'a server proves nothing before the handheld has proved its password',
}

for (const name of plantedNames)
  test(`a planted mistake is caught within 50 seeds: ${name}`, async (t) => {
    const result = await simulate(['--seeds', '1..50', '--workers', '1', '--first', '--planted', name])
    t.diagnostic(`caught by seed ${result.seeds}`)
    assert.equal(result.violations, 1, result.output)
    assert.match(result.output, new RegExp(`violates "${caughtBy[name]}"`))
    assert.match(
      result.output,
      new RegExp(`run it again: npm run simulate -- --seeds \\d+ --planted ${name}`),
    )
  })
