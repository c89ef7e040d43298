/** The one file with effects of its own: hands the machine to the command line and its answer to the shell. */
import { readFileSync } from 'node:fs'
import type { RunDeps } from '#cli/deps.ts'
import { runCli } from '#cli/run-cli.ts'
import { systemClock } from '#edge/system.ts'
import { openOffline } from './compose.ts'
import { runDemo } from './demo.ts'
import { extendHandheld } from './handheld-commands.ts'
import { machineEdge } from './roles/edge.ts'
import { offlineLog } from './roles/logging.ts'
import { runServe } from './serve.ts'
import { runStart } from './start.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(signal))
// A reader that went away (`postkey … | head`) ends the output, not the program in the middle of its work.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const version = String(Reflect.get(Object(manifest), 'version'))

const deps: RunDeps = {
  version,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  clock: systemClock,
  stop: stop.signal,
  openOffline: (loaded) =>
    openOffline(loaded, { log: offlineLog(loaded, process.stderr), edge: machineEdge() }),
  serve: runServe,
  start: runStart,
  demo: runDemo,
  extendHandheld,
}

process.exitCode = await runCli(process.argv.slice(2), deps)
