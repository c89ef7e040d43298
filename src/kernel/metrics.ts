/** Counting and measuring as components see it. Labels are closed sets: never a user, an address or a PIN. */
import type { CounterName, HistogramName, LabelsOf } from './metric-table.ts'

export interface Metrics {
  count<N extends CounterName>(name: N, labels: LabelsOf<N>, by?: number): void
  /** `value` in the unit at the end of the name. */
  observe<N extends HistogramName>(name: N, labels: LabelsOf<N>, value: number): void
}

export const noMetrics: Metrics = { count: () => {}, observe: () => {} }
