/** The metrics over prom-client, in a registry of their own: every series of the table is there from the start. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type MetricName, metricNames, metricRow } from '#kernel/metric-table.ts'
import type { Metrics } from '#kernel/metrics.ts'

/** A value that is looked up when it is asked for; `labels` where the metric has one. */
export interface Reading {
  readonly name: MetricName
  readonly value: number
  readonly label?: string
}

export interface MetricsRegistry extends Metrics {
  /** Looked at for each scrape: gauges, and counters that somebody else counts. */
  readFrom(read: () => Promise<readonly Reading[]> | readonly Reading[]): void
  /** Everything in Prometheus' text form. */
  text(): Promise<string>
  readonly contentType: string
}

export function promMetrics(): MetricsRegistry {
  const registry = new Registry()
  const made = new Map(metricNames.map((name) => [name, make(name, registry)]))
  const readers: (() => Promise<readonly Reading[]> | readonly Reading[])[] = []
  collectDefaultMetrics({ register: registry, prefix: 'postkey_' })
  return {
    count: (name, labels, by = 1) => {
      const metric = made.get(name)
      if (metric instanceof Counter) metric.inc(labels, by)
    },
    observe: (name, labels, value) => {
      const metric = made.get(name)
      if (metric instanceof Histogram) metric.observe(labels, value)
    },
    readFrom: (read) => void readers.push(read),
    text: async () => {
      for (const read of readers) for (const reading of await read()) set(made, reading)
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}

type Made = Counter | Gauge | Histogram

function make(name: MetricName, registry: Registry): Made {
  const { type, says, label, values = [], buckets = [] } = metricRow(name)
  const options = { name, help: says, labelNames: label ? [label] : [], registers: [registry] }
  const series = label ? values.map((value) => ({ [label]: value })) : []
  if (type === 'counter') {
    const counter = new Counter(options)
    for (const labels of series) counter.inc(labels, 0)
    return counter
  }
  if (type === 'gauge') {
    const gauge = new Gauge(options)
    for (const labels of series) gauge.set(labels, 0)
    return gauge
  }
  const histogram = new Histogram({ ...options, buckets: [...buckets] })
  for (const labels of series) histogram.zero(labels)
  return histogram
}

function set(made: ReadonlyMap<MetricName, Made>, { name, value, label }: Reading): void {
  const metric = made.get(name)
  const key = metricRow(name).label
  const labels = key && label !== undefined ? { [key]: label } : {}
  if (metric instanceof Gauge) metric.set(labels, value)
  if (!(metric instanceof Counter)) return
  metric.remove(labels)
  metric.inc(labels, value)
}
