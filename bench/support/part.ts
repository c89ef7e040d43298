/** What a measured part is, and the rows it gives. */

/** One figure, and what it is held against. */
export interface Row {
  readonly name: string
  /** The median over the rounds. */
  readonly value: number
  readonly unit: string
  /** What was measured beside it in the same rounds, with its median; null where the figure stands alone. */
  readonly against: string | null
  /** The median of the rounds' own ratios, value by floor; null where the figure stands alone. */
  readonly ratio: number | null
  readonly target: number | null
  /** `at_least`: the ratio is good from the target on; `at_most`: up to it. */
  readonly better: 'at_least' | 'at_most' | null
  readonly met: boolean | null
  /** Least and greatest ratio of a round, or value where there is no ratio. */
  readonly spread: readonly [number, number]
  readonly rounds: number
  /** What the figure was made from, so that a run that did nothing is seen: mails, messages, activations … */
  readonly work: number
}

export interface PartOptions {
  /** Few and short rounds: to see that everything runs. */
  readonly quick: boolean
  /** How many mailboxes to measure with, where a part asks; without it the part's own number. */
  readonly mailboxes?: number
  /** One line for the person who waits. */
  say(line: string): void
}

/** One file in `bench/`: measures, and ends everything it has started. */
export interface Part {
  readonly about: string
  run(options: PartOptions): Promise<Row[]>
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** The q-th part (0..1), by nearest rank. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? Number.NaN
}

export interface Target {
  readonly ratio: number
  readonly better: 'at_least' | 'at_most'
}

export const atLeast = (ratio: number): Target => ({ ratio, better: 'at_least' })
export const atMost = (ratio: number): Target => ({ ratio, better: 'at_most' })

export interface Comparison {
  readonly name: string
  readonly unit: string
  /** One figure per round, and the floor's of the same round. */
  readonly values: readonly number[]
  readonly floors: readonly number[]
  /** What the floor is, in words. */
  readonly floor: string
  readonly work: number
  readonly target?: Target
  /** Where less is better (times), the ratio may be floor by value. */
  readonly inverted?: boolean
}

/** A figure against another of the same rounds. */
export function compared({ values, floors, target, ...rest }: Comparison): Row {
  const ratios = values.map((value, i) => {
    const floor = floors[i] ?? Number.NaN
    return rest.inverted ? floor / value : value / floor
  })
  const ratio = median(ratios)
  return {
    name: rest.name,
    value: median(values),
    unit: rest.unit,
    against: `${rest.floor}: ${rounded(median(floors))} ${rest.unit}`,
    ratio,
    target: target?.ratio ?? null,
    better: target?.better ?? null,
    met: target ? (target.better === 'at_least' ? ratio >= target.ratio : ratio <= target.ratio) : null,
    spread: [Math.min(...ratios), Math.max(...ratios)],
    rounds: values.length,
    work: rest.work,
  }
}

/** A figure that stands alone. */
export const alone = (name: string, unit: string, values: readonly number[], work: number): Row => ({
  name,
  value: median(values),
  unit,
  against: null,
  ratio: null,
  target: null,
  better: null,
  met: null,
  spread: [Math.min(...values), Math.max(...values)],
  rounds: values.length,
  work,
})

/** A figure that has a limit of its own. */
export function limited(
  name: string,
  unit: string,
  values: readonly number[],
  work: number,
  most: number,
): Row {
  const row = alone(name, unit, values, work)
  return { ...row, target: Number(rounded(most)), better: 'at_most', met: row.value <= most }
}

/** Three digits that say something. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value) || 1)))
  return value.toFixed(Math.min(6, digits))
}
