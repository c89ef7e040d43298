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
  /** Of those seeds that are governed. */
  fewestActs: number
  violations: number
  readonly faults: Map<FaultKind, number>
  readonly acts: Map<string, number>
  readonly failed: number[]
}

export const newTotals = (): Totals => ({
  seeds: 0,
  activations: 0,
  complete: 0,
  rollovers: 0,
  fewestActivations: Number.POSITIVE_INFINITY,
  fewestFaults: Number.POSITIVE_INFINITY,
  fewestActs: Number.POSITIVE_INFINITY,
  violations: 0,
  faults: new Map(),
  acts: new Map(),
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
  for (const [kind, count] of Object.entries(result.acts ?? {}))
    totals.acts.set(kind, (totals.acts.get(kind) ?? 0) + count)
  if (result.violation) {
    totals.violations += 1
    totals.failed.push(result.seed)
    return
  }
  const faults = sumOf(Object.values(result.faults))
  totals.fewestActivations = Math.min(totals.fewestActivations, result.activations)
  totals.fewestFaults = Math.min(totals.fewestFaults, faults)
  if (result.acts) totals.fewestActs = Math.min(totals.fewestActs, sumOf(Object.values(result.acts)))
}

const sumOf = (counts: Iterable<number>): number => [...counts].reduce((sum, count) => sum + count, 0)
const named = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ')

export function showTotals(totals: Totals): string {
  const least = `at least ${totals.fewestActivations} activations and ${totals.fewestFaults} faults a seed`
  const governed = totals.acts.size > 0 ? `, ${totals.fewestActs} acts of governance a governed one` : ''
  const failed = totals.failed.length > 0 ? `failed: ${totals.failed.join(',')}\n` : ''
  return (
    `${failed}${least}${governed}\n` +
    `seeds ${totals.seeds}, activations ${totals.activations} (complete ${totals.complete}), ` +
    `rollovers ${totals.rollovers}, ` +
    `faults ${sumOf(totals.faults.values())} (${named(totals.faults)}), ` +
    `acts ${sumOf(totals.acts.values())} (${named(totals.acts)}), violations ${totals.violations}\n`
  )
}

const linesShown = 150

export function showFailure(
  { seed, violation, timeline }: SeedResult,
  planted: string | null,
  governed: boolean,
): string {
  const how = `${governed ? ' --governed' : ''}${planted ? ` --planted ${planted}` : ''}`
  const again = `npm run simulate -- --seeds ${seed}${how} --timeline`
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
