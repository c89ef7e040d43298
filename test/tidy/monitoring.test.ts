/** Metrics, alert rules and the Grafana board: each expression speaks of metrics that exist, and every rule works. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { metricNames, metricRow } from '#kernel/metric-table.ts'
import { promMetrics } from '#telemetry/prom-metrics.ts'
import { samplesOf } from '../support/metrics.ts'
import { missingPeer } from '../support/peers.ts'
import { run } from '../support/process.ts'
import { read, root, sources } from './sources.ts'

interface Board {
  readonly panels: readonly {
    readonly title: string
    readonly targets: readonly { readonly expr: string }[]
  }[]
}

/** The series there are, without labels; histograms with their three endings. */
async function seriesNames(): Promise<ReadonlySet<string>> {
  const samples = samplesOf(await promMetrics().text())
  return new Set([...samples.keys()].map((series) => series.replace(/\{.*$/, '')))
}

/** Metrics an expression names that nobody has, and label values that never come. */
function strangers(expression: string, known: ReadonlySet<string>): string[] {
  const named = [...expression.matchAll(/\bpostkey_[a-z0-9_]+/g)].map(([name]) => name)
  const selected = [...expression.matchAll(/\b(postkey_[a-z0-9_]+)\{([^}]*)\}/g)].flatMap(
    ([, name = '', labels = '']) =>
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].flatMap(([, label = '', value = '']) =>
        label === 'job' || hasValue(name, label, value) ? [] : [`${name}{${label}="${value}"}`],
      ),
  )
  return [...named.filter((name) => !known.has(name)), ...selected]
}

function hasValue(series: string, label: string, value: string): boolean {
  const name = metricNames.find(
    (one) => one === series.replace(/_(?:bucket|sum|count)$/, '') || one === series,
  )
  const row = name && metricRow(name)
  return row?.label === label && (row.values ?? []).includes(value)
}

test('every expression of the Grafana board speaks of a metric that exists', async () => {
  const { panels } = JSON.parse(read('docker/grafana/postkey.json')) as Board
  const known = await seriesNames()
  const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  assert(expressions.length > 30, `${expressions.length} expressions`)
  assert.deepEqual(
    expressions.flatMap((expr) => strangers(expr, known)),
    [],
  )
  assert.deepEqual(strangers('rate(postkey_planted_total{job="$job"}[5m])', known), ['postkey_planted_total'])
  assert.deepEqual(strangers('postkey_scans_total{outcome="odd"}', known), [
    'postkey_scans_total{outcome="odd"}',
  ])
})

test('every metric of the table is on the board', () => {
  const board = read('docker/grafana/postkey.json')
  assert.deepEqual(
    metricNames.filter((name) => !board.includes(name)),
    [],
  )
})

test('every metric is counted or read somewhere', () => {
  const text = sources('src')
    .filter(({ path }) => path !== 'src/kernel/metric-table.ts')
    .map((source) => source.text)
    .join('\n')
  assert.deepEqual(
    metricNames.filter((name) => !text.includes(`'${name}'`)),
    [],
  )
})

test('names have the prefix, a base unit or none, and _total where they count', () => {
  for (const name of metricNames) {
    const { type, says, label } = metricRow(name)
    assert.match(name, /^postkey_[a-z_]+$/)
    assert.equal(name.endsWith('_total'), type === 'counter', name)
    assert.doesNotMatch(name, /_(?:ms|minutes|hours|kib|mib)$/, name)
    assert.match(says, /^[A-Z].*[.)]$|connections$/, name)
    if (label) assert.match(label, /^(?:stage|outcome|direction|role|strategy)$/, name)
  }
})

const noPromtool = missingPeer('promtool')
const directory = join(root, 'docker', 'grafana')

test('the alert rules are rules, and every one of them comes when it should', {
  skip: noPromtool,
}, async () => {
  const checked = await run('promtool', ['check', 'rules', 'alerts.yaml'], { cwd: directory })
  assert.equal(checked.code, 0, checked.stdout + checked.stderr)
  const tested = await run('promtool', ['test', 'rules', 'alerts-test.yaml'], { cwd: directory })
  assert.equal(tested.code, 0, tested.stdout + tested.stderr)
  const known = await seriesNames()
  const rules = read('docker/grafana/alerts.yaml')
  assert.deepEqual(strangers(rules.replace(/^#.*$/gm, ''), known), [])
  const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name]) => name)
  const tests = read('docker/grafana/alerts-test.yaml')
  assert.deepEqual(
    alerts.filter((name) => !tests.includes(`alertname: ${name}, exp_alerts: []`)),
    [],
  )
  assert(tests.includes(`value: ${alerts.length} }`), 'and when everything is wrong all of them come')
})
