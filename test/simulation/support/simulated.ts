/** Runs the simulator as a person would, in a process of its own, and reads its last line. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'

export interface Simulated {
  readonly output: string
  readonly exitCode: number
  readonly seeds: number
  readonly activations: number
  readonly faults: number
  readonly violations: number
  readonly fewestActivations: number
  readonly fewestFaults: number
  /** Of those seeds that are governed. */
  readonly fewestActs: number
}

export function simulate(args: readonly string[]): Promise<Simulated> {
  const script = join(import.meta.dirname, '..', 'simulate.ts')
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 256 * 1024 * 1024 }
    execFile(process.execPath, [script, ...args], options, (error, stdout, stderr) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? ''
      const sum = /^seeds (\d+), activations (\d+) .*faults (\d+) .*violations (\d+)$/.exec(last)
      if (!sum) return reject(error ?? new Error(`no sum in the last line: ${last}\n${stderr}`))
      const [seeds = 0, activations = 0, faults = 0, violations = 0] = sum.slice(1).map(Number)
      const [, fewestActivations, fewestFaults, fewestActs] =
        /^at least (\d+) activations and (\d+) faults a seed(?:, (\d+) acts of governance a governed one)?$/m.exec(
          stdout,
        ) ?? []
      resolve({
        output: stdout,
        exitCode: typeof error?.code === 'number' ? error.code : 0,
        seeds,
        activations,
        faults,
        violations,
        fewestActivations: Number(fewestActivations),
        fewestFaults: Number(fewestFaults),
        fewestActs: Number(fewestActs),
      })
    })
  })
}

/**
 * Seeds that nobody has tried yet; the base is printed, so that a failure can be run again. Several files share the
 * 300 of a run, so that two go on at once.
 */
export function testFreshSeeds(count: number): void {
  const base = randomInt(1_000_000, 1_000_000_000)
  const seeds = `${base}..${base + count - 1}`
  test(`${count} fresh seeds violate no invariant, and nothing is stuck once faults cease`, async (t) => {
    t.diagnostic(`seeds ${seeds}`)
    const result = await simulate(['--seeds', seeds, '--workers', '1'])
    t.diagnostic(result.output.trimEnd().split('\n').at(-1) ?? '')
    assert.equal(result.violations, 0, result.output)
    assert.equal(result.seeds, count)
    assert(result.fewestActivations >= 3, `a seed had ${result.fewestActivations} activations`)
    assert(result.fewestFaults >= 5, `a seed had ${result.fewestFaults} faults`)
    assert(result.fewestActs >= 3, `a governed seed had ${result.fewestActs} acts`)
  })
}
