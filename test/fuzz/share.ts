/** Fuzzes a share of the targets, each for a moment: everything that ever failed first, then what time allows. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fuzzOne } from './engine/report.ts'
import { placedTargets } from './targets/all.ts'

/** Seconds for each target; `POSTKEY_FUZZ_SECONDS` gives more. */
const seconds = Number(process.env.POSTKEY_FUZZ_SECONDS ?? 1.5)
/** On the slowest machine, beside everything else. */
const executionsMin = 20

/** The targets whose place in the list is `rest` modulo `shares`. */
export function fuzzShare(rest: number, shares: number): void {
  const seed = Date.now() % 1_000_000
  let grown = 0
  const share = placedTargets.filter((_, index) => index % shares === rest)
  for (const placed of share)
    test(`${placed.target.name} keeps its promises on whatever comes`, async (t) => {
      const result = await fuzzOne(placed, { seconds, seed })
      t.diagnostic(result.line)
      assert.equal(result.failure, null, result.line)
      assert(result.executions >= result.corpus.length + executionsMin, result.line)
      assert(result.blocksBefore > 3, 'coverage is measured')
      grown += result.blocks - result.blocksBefore
    })
  after(() => assert(grown > 0, 'no target reached anything new: does the coverage still guide?'))
}
