/**
 * `npm run torture -- [--kills N] [--seed S]`: the long form. Half of the kills meet one process with all roles, half
 * meet processes of their own. The last line gives the counts; the exit code is 1 where something is missing or
 * was applied twice.
 */
import { parseArgs } from 'node:util'
import { layouts } from './site.ts'
import { type TortureReport, torture, tortureLine } from './torture.ts'

const { values } = parseArgs({ options: { kills: { type: 'string' }, seed: { type: 'string' } } })
const kills = Number(values.kills ?? 100)
const seed = Number(values.seed ?? Date.now() % 1_000_000)

const ends: (() => unknown)[] = []
const scope = { after: (end?: unknown) => void (typeof end === 'function' && ends.push(() => end())) }
const reports: TortureReport[] = []
try {
  for (const [i, layout] of (['together', 'apart'] as const).entries()) {
    const share = i === 0 ? Math.ceil(kills / 2) : Math.floor(kills / 2)
    process.stderr.write(`${layout}: ${layouts[layout].join(', ')}\n`)
    const onKill = (line: string) => void process.stderr.write(`  ${line}\n`)
    const users = Math.max(4, share)
    reports.push(await torture(scope, { layout, kills: share, seed: seed + i, users, onKill }))
  }
} finally {
  for (const end of ends.reverse()) await end()
}

const sum = (of: (report: TortureReport) => number) => reports.reduce((total, one) => total + of(one), 0)
const missing = reports.flatMap((one) => one.missing)
const twice = reports.flatMap((one) => one.twice)
for (const line of [...missing, ...twice]) process.stdout.write(`${line}\n`)
const all = {
  kills: sum((one) => one.kills),
  mails: sum((one) => one.mails),
  frames: sum((one) => one.frames),
  activations: sum((one) => one.activations),
  missing,
  twice,
}
const good = missing.length + twice.length === 0 && all.mails > kills && all.frames > kills
process.exitCode = good && all.activations > 0 ? 0 : 1
process.stdout.write(`${tortureLine(seed, all)}\n`)
