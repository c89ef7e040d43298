/** kill -9 at random moments under load: what was acknowledged is there, and nothing is there twice. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Layout } from './site.ts'
import { type TortureReport, torture, tortureLine } from './torture.ts'

const seed = Number(process.env.TORTURE_SEED ?? Date.now() % 1_000_000)
const timeout = 170_000

function assertKept(report: TortureReport, least: { mails: number; frames: number; activations: number }) {
  assert.deepEqual(report.missing, [])
  assert.deepEqual(report.twice, [])
  for (const what of ['mails', 'frames', 'activations'] as const)
    assert.ok(report[what] >= least[what], `only ${report[what]} ${what} were acknowledged`)
}

const cases: readonly (readonly [Layout, string, number])[] = [
  [
    'together',
    'one process with all roles, killed again and again under load, keeps what it acknowledged',
    5,
  ],
  ['apart', 'roles in processes of their own, killed one after the other under load, keep it too', 5],
]

for (const [layout, name, kills] of cases)
  test(name, { timeout }, async (t) => {
    const onKill = (line: string) => t.diagnostic(line)
    const report = await torture(t, { layout, kills, seed, users: 4, onKill })
    t.diagnostic(tortureLine(seed, report))
    assertKept(report, { mails: 5 * kills, frames: 5 * kills, activations: 1 })
  })

test('a server that acknowledges before it commits is found out', { timeout }, async (t) => {
  const preload = pathToFileURL(join(import.meta.dirname, 'late-commit-preload.ts')).href
  const env = { NODE_OPTIONS: `--import=${preload}` }
  const report = await torture(t, { layout: 'together', kills: 3, seed, users: 0, env, settleMs: 1_000 })
  t.diagnostic(tortureLine(seed, report))
  assert.ok(report.missing.some((line) => line.includes('was acknowledged')))
})
