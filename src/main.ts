/** The one file with effects of its own: hands the machine to the command line and its answer to the shell. */
import { readFileSync } from 'node:fs'
import type { RunDeps } from '#cli/deps.ts'
import { runCli } from '#cli/run-cli.ts'
import { osUser } from '#edge/os-user.ts'
import { systemClock } from '#edge/system.ts'
import { extendHandheld } from './handheld-commands.ts'

const stop = new AbortController()
const endings = ['SIGINT', 'SIGTERM'] as const
// Whoever asks twice does not want to wait: the second signal ends the process as it would any other.
const end = (signal: NodeJS.Signals) => {
  for (const other of endings) process.removeListener(other, end)
  stop.abort(signal)
}
for (const signal of endings) process.on(signal, end)
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
  osUser: osUser(process.env),
  clock: systemClock,
  stop: stop.signal,
  onHangup: (listener) => {
    process.on('SIGHUP', listener)
    return () => void process.removeListener('SIGHUP', listener)
  },
  // The server is most of the program. A command that only asks a running one does not wait for it to be read.
  openOffline: async (...args) => (await import('./offline.ts')).openStore(...args, process.stderr),
  serve: async (...args) => (await import('./serve.ts')).runServe(...args),
  start: async (...args) => (await import('./start.ts')).runStart(...args),
  demo: async (...args) => (await import('./demo.ts')).runDemo(...args),
  extendHandheld,
}

process.exitCode = await runCli(process.argv.slice(2), deps)
// What did not come to its end with the command must not keep a process that was told to stop.
if (stop.signal.aborted) setTimeout(() => process.exit(), 1_000).unref()
