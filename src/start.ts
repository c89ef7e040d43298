/** `postkey start`: the server, and the first time a demo activation on it, so that a newcomer sees it work. */
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Run } from '#cli/run.ts'
import type { LoadedConfig } from '#config/load.ts'
import { activateFirst, sayStarting } from './first-activation.ts'
import { configuredLog } from './roles/logging.ts'
import { configuredRoles } from './roles/role.ts'
import { listening, startServing, stopped } from './serve.ts'

const nextSteps = `Type next, in another terminal:
  bin/postkey user add you@example.test         a user of your own
  bin/postkey password generate you@example.test
  bin/postkey handheld activate --email you@example.test
  bin/postkey activation explain you@example.test
  bin/postkey status                            what is broken first
Ctrl-C stops the server; npm start goes on where it was.
`

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
    run.note(`${listening(running)}\nData is in ${data}, the log in ${logPath}.\n\n${nextSteps}`)
    await stopped(run.deps.stop)
    run.note('Stopping.')
  } finally {
    await running.close()
    logFile.end()
  }
}
