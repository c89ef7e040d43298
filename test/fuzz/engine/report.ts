/** One target fuzzed, and a line that says what it did. */
import type { PlacedTarget } from '../targets/all.ts'
import { type RunOptions, runTarget } from './run-target.ts'
import type { ThreadResult } from './thread.ts'

export interface Reported extends ThreadResult {
  /** What was done; of a failure also the input and the command that runs it again. */
  readonly line: string
}

export async function fuzzOne(placed: PlacedTarget, options: RunOptions): Promise<Reported> {
  const { name } = placed.target
  const result = await runTarget(placed, options)
  return { ...result, line: [summary(name, result), ...failureLines(name, result, options)].join('\n') }
}

function summary(name: string, result: ThreadResult): string {
  const perSecond = Math.round(result.executions / Math.max(result.elapsedMs / 1_000, 0.001))
  const { executions, corpus, found, blocks, blocksBefore } = result
  return [
    name.padEnd(20),
    `${executions} executions`,
    `${perSecond}/s`,
    `corpus ${corpus.length} (+${found.length})`,
    `blocks ${blocks} (+${blocks - blocksBefore})`,
  ].join('  ')
}

function failureLines(name: string, { failure }: ThreadResult, { seed }: RunOptions): string[] {
  if (!failure) return []
  const hex = Buffer.from(failure.input).toString('hex')
  return [
    `FAILED (seed ${seed}): ${failure.says}`,
    `input: ${hex}`,
    `again: npm run fuzz -- ${name} --input ${hex}`,
  ]
}
