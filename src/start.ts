/** `postkey start`: the server, and the first time a demo activation on it, so that a newcomer sees it work. */
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Run } from '#cli/run.ts'
import type { LoadedConfig } from '#config/load.ts'
import { activateFirst, sayStarting } from './first-activation.ts'
import { programName } from './program-name.ts'
import { configuredLog } from './roles/logging.ts'
import { configuredRoles } from './roles/role.ts'
import { listening, startServing, stopped } from './serve.ts'

/** What to type next, as it works where this was typed. */
export function nextSteps({
  deps,
  configInput,
}: {
  readonly deps: Pick<Run['deps'], 'env' | 'cwd'>
  readonly configInput: Pick<Run['configInput'], 'file'>
}): string {
  const name = programName(deps.env.PATH, deps.cwd)
  const postkey = configInput.file === undefined ? name : `${name} --config ${configInput.file}`
  return `Type next, in another terminal, in ${deps.cwd}:
  ${postkey} user add you@example.test    (a user of your own)
  ${postkey} password generate you@example.test
  ${postkey} handheld activate --email you@example.test
  ${postkey} activation explain you@example.test
  ${postkey} status    (what is broken first)
Ctrl-C stops the server; ${postkey} start goes on where it was.
`
}

/** Serves until told to stop. What was set up before is not touched. */
export async function runStart(loaded: LoadedConfig, run: Run): Promise<void> {
  const { data_dir: data } = loaded.config.server
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const logPath = join(data, 'postkey.log')
  const logFile = createWriteStream(logPath, { flags: 'a', mode: 0o600 })
  sayStarting(run)
  const running = await startServing(
    loaded,
    configuredRoles(loaded.config),
    run,
    configuredLog(loaded, logFile),
  )
  try {
    const users = await running.admin.users.list()
    if (users.length === 0) {
      const { ok } = await activateFirst(running, loaded, run)
      if (!ok && !run.deps.stop.aborted) run.setExit('failed')
    }
    run.note(`${listening(running)}\nData is in ${data}, the log in ${logPath}.\n\n${nextSteps(run)}`)
    await stopped(run.deps.stop)
    run.note('Stopping.')
  } finally {
    await running.close()
    logFile.end()
  }
}
