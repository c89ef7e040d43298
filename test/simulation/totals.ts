/** The sum over many seeds, and how it is said. */
import type { SeedResult } from './run-seed.ts'
import { type FaultKind, faultKinds } from './world/faults.ts'

export interface Totals {
  seeds: number
  activations: number
  complete: number
  rollovers: number
  fewestActivations: number
  fewestFaults: number
  violations: number
  readonly faults: Map<FaultKind, number>
  readonly failed: number[]
}

export const newTotals = (): Totals => ({
  seeds: 0,
  activations: 0,
  complete: 0,
  rollovers: 0,
  fewestActivations: Number.POSITIVE_INFINITY,
  fewestFaults: Number.POSITIVE_INFINITY,
  violations: 0,
  faults: new Map(),
  failed: [],
})

export function addResult(totals: Totals, result: SeedResult): void {
  totals.seeds += 1
  totals.activations += result.activations
  totals.complete += result.complete
  totals.rollovers += result.rollovers
  for (const kind of faultKinds) {
    const count = result.faults[kind] ?? 0
    if (count > 0) totals.faults.set(kind, (totals.faults.get(kind) ?? 0) + count)
  }
  if (result.violation) {
    totals.violations += 1
    totals.failed.push(result.seed)
    return
  }
  const faults = Object.values(result.faults).reduce((sum, count) => sum + count, 0)
  totals.fewestActivations = Math.min(totals.fewestActivations, result.activations)
  totals.fewestFaults = Math.min(totals.fewestFaults, faults)
}

export function showTotals(totals: Totals): string {
  const sum = [...totals.faults.values()].reduce((all, count) => all + count, 0)
  const kinds = [...totals.faults].map(([kind, count]) => `${kind} ${count}`).join(', ')
  const least = `at least ${totals.fewestActivations} activations and ${totals.fewestFaults} faults a seed`
  const failed = totals.failed.length > 0 ? `failed: ${totals.failed.join(',')}\n` : ''
  return (
    `${failed}${least}\n` +
    `seeds ${totals.seeds}, activations ${totals.activations} (complete ${totals.complete}), ` +
    `rollovers ${totals.rollovers}, ` +
    `faults ${sum} (${kinds}), violations ${totals.violations}\n`
  )
}

const linesShown = 150

export function showFailure({ seed, violation, timeline }: SeedResult, planted: string | null): string {
  const again = `npm run simulate -- --seeds ${seed}${planted ? ` --planted ${planted}` : ''} --timeline`
  const left = timeline.length - linesShown
  const where = planted ? ` with ${planted}` : ''
  return [
    `seed ${seed}${where} violates "${violation?.invariant}": ${violation?.says}`,
    `run it again: ${again}`,
    ...(left > 0 ? [`… ${left} lines before`] : []),
    ...timeline.slice(-linesShown),
    '',
  ].join('\n')
}
