/** `postkey handheld fleet`: a table of how many came through, how fast, and what stopped the others. */
import { readFile } from 'node:fs/promises'
import { Fault } from '#kernel/fault.ts'
import { handheldText, isHandheldCode } from '#protocol/handheld-text.ts'
import type { HandheldIo } from './cli-io.ts'
import { countOption, type Options, pathOption, relayOptions, suiteOption } from './cli-options.ts'
import { type FleetReport, type FleetUser, runFleet } from './fleet.ts'

const parallelMax = 1_000
const timeoutSecondsMax = 172_800

/** The exit code is `failed` when one of them did not complete. */
export async function fleetCommand(io: HandheldIo, options: Options): Promise<void> {
  const users = await readUsers(io, pathOption(io, options, 'users') ?? '')
  const { clock, random, log, stop } = io
  const dir = pathOption(io, options, 'dir')
  const progress = io.stderr.isTTY === true && io.format === 'table'
  const report = await runFleet({
    users,
    relay: await relayOptions(io, options),
    suites: suiteOption(options),
    parallel: countOption(options, 'parallel', parallelMax),
    timeoutMs: countOption(options, 'timeout', timeoutSecondsMax) * 1000,
    ...(dir === undefined ? {} : { dir }),
    clock,
    random,
    log,
    signal: stop,
    onResult: (_, done) => {
      if (progress) io.stderr.write(`\r\u001b[K${done} of ${users.length}`)
    },
  })
  if (progress) io.stderr.write('\r\u001b[K')
  io.stdout.write(io.format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : rendered(io, report))
  if (report.complete < report.total) io.setExit('failed')
}

async function readUsers(io: HandheldIo, path: string): Promise<readonly FleetUser[]> {
  const [first, ...rest] = io.parseCsv(await textOf(path))
  const header = (first ?? []).map((title) => title.trim().toLowerCase())
  // `postkey user add --passwords` writes the column as "address".
  const emailTitle = header.includes('address') ? 'address' : 'email'
  const titled = header.includes(emailTitle)
  const at = (title: string, otherwise: number) => (titled ? header.indexOf(title) : otherwise)
  const [emailAt, passwordAt] = [at(emailTitle, 0), at('password', 1)]
  const rows = titled || !first ? rest : [first, ...rest]
  const users = rows.map((row) => ({ email: row[emailAt] ?? '', password: row[passwordAt] ?? '' }))
  if (users.length === 0) throw new Fault('admin.usage', `${path} has no users`)
  return users
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Fault('admin.usage', `${path} cannot be read`, error)
  }
}

function rendered(io: HandheldIo, report: FleetReport): string {
  const seconds = (ms: number | null) => (ms === null ? '-' : `${(ms / 1000).toFixed(2)} s`)
  const rows = [
    ['complete', `${report.complete} of ${report.total}`, ''],
    ...report.failed.map(({ code, count, text }) => [code, String(count), meaning(code, text)]),
    ['half within', seconds(report.p50Ms), ''],
    ['99 % within', seconds(report.p99Ms), ''],
    ['all together', seconds(report.elapsedMs), ''],
  ]
  return io.table(['HANDHELDS', '', ''], rows)
}

function meaning(code: string, text: string): string {
  const number = Number(/^E(\d\d)$/.exec(code)?.[1])
  return isHandheldCode(number) ? handheldText(number) : text
}
