/** Each guarantee taken away by a planted mistake: a checker says so within 50 seeds. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type PlantedName, plantedNames } from './planted/all.ts'
import { type Simulated, simulate } from './support/simulated.ts'

const caughtBy: Readonly<Record<PlantedName, string>> = {
  'ack-before-commit': 'nothing that was acknowledged is missing',
  'no-dedup': 'nothing is acted on twice',
  'cursor-before-events': 'no cursor passes a message that raised neither event nor fault',
  'no-window': 'a packet of a handheld is taken in once',
  'keeps-old-keys': 'both sides agree on one key when all is quiet',
  'forgets-old-keys': 'each side holds the key that the other sends under',
  'server-proves-first': 'a server proves nothing before the handheld has proved its password',
  'books-beside-policy': 'no service book before the acknowledgement of the policy',
  'older-answer-counts': 'both sides agree on policy and books, and on the key when all is quiet',
  'gives-commands-up': 'no command is lost, and none is carried out twice or otherwise',
  'wipe-waits-its-turn': 'no item of the queue is in an impossible state',
  'forgets-numbers': 'a handheld applies no lower number',
  'keeps-old-queue': 'no item of the queue is in an impossible state',
}

let result: Simulated
before(async () => {
  result = await simulate([
    '--seeds',
    '1..50',
    '--workers',
    '1',
    '--first',
    '--planted',
    plantedNames.join(','),
  ])
})

for (const name of plantedNames)
  test(`a planted mistake is caught within 50 seeds: ${name}`, (t) => {
    const caught = new RegExp(`^seed (\\d+) with ${name} violates "(.*?)"`, 'm').exec(result.output)
    t.diagnostic(`caught by seed ${caught?.[1]}`)
    assert.equal(caught?.[2], caughtBy[name])
    assert.match(
      result.output,
      new RegExp(`^run it again: npm run simulate -- --seeds \\d+ --planted ${name}`, 'm'),
    )
  })

test('every mistake is caught once, and the run fails', () => {
  assert.equal(result.violations, plantedNames.length)
  assert.equal(result.exitCode, 1)
})
