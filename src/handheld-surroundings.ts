/** What a command of the terminal handheld works with on this machine. */
import { parseRows } from '#cli/csv.ts'
import { clackPrompts } from '#cli/prompts.ts'
import type { Run } from '#cli/run.ts'
import { moment } from '#cli/time.ts'
import { failpointAt, systemClock, systemRandom } from '#edge/system.ts'
import type { HandheldIo } from '#handheld/cli-io.ts'
import { offlineLog } from './roles/logging.ts'

export function surroundings(run: Run): HandheldIo {
  const { deps, terminal } = run
  const prompts = deps.prompts ?? clackPrompts(terminal)
  return {
    format: run.format,
    stdout: terminal.stdout,
    stderr: terminal.stderr,
    cwd: deps.cwd,
    dataDir: () => run.loaded().config.server.data_dir,
    clock: systemClock,
    moment: (atMs) => moment(atMs, systemClock.nowMs(), run.zone),
    random: systemRandom,
    log: offlineLog(run.loaded(), terminal.stderr),
    failpoint: failpointAt(deps.env.POSTKEY_FAILPOINT),
    version: deps.version,
    stop: deps.stop,
    canAsk: terminal.canAsk,
    askPassword: (message) => prompts.password(message),
    confirm: (message) => prompts.confirm(message),
    parseCsv: parseRows,
    table: (titles, rows) =>
      run.table(
        titles.map((title, i) => ({ title, value: (row: readonly string[]) => row[i] ?? '' })),
        rows,
      ),
    setExit: run.setExit,
  }
}
