/** What the handheld's commands need of the command line, which belongs to `cli/`: a narrow view of it. */
import type { Clock } from '#kernel/clock.ts'
import type { Failpoint } from '#kernel/failpoint.ts'
import type { Log } from '#kernel/log.ts'
import type { Random } from '#kernel/random.ts'

/** As much of commander's `Command` as is used here. */
export interface CommandLike<C> {
  command(nameAndArguments: string): C
  description(text: string): C
  option(flags: string, description: string, standard?: string): C
  requiredOption(flags: string, description: string): C
  addHelpText(position: 'after', text: string): C
  action(run: () => Promise<void>): C
  opts(): Readonly<Record<string, unknown>>
}

export interface Output {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** The surroundings of one command's run. */
export interface HandheldIo {
  readonly format: 'table' | 'json'
  readonly stdout: Output
  readonly stderr: Output
  readonly cwd: string
  /** Where the server on this machine keeps its data; `handheld.json` in it names the relay. */
  readonly dataDir: () => string
  readonly clock: Clock
  /** A moment as the person's clock shows it, with how far away it is. */
  moment(atMs: number): string
  readonly random: Random
  readonly log: Log
  readonly failpoint: Failpoint
  readonly version: string
  /** Aborts when the process is asked to stop. */
  readonly stop: AbortSignal
  /** A person can be asked. */
  readonly canAsk: boolean
  /** Null where the person cancelled. */
  askPassword(message: string): Promise<string | null>
  confirm(message: string): Promise<boolean | null>
  /** Rows of a CSV file, with its header if it has one. */
  parseCsv(text: string): readonly (readonly string[])[]
  table(titles: readonly string[], rows: readonly (readonly string[])[]): string
  setExit(name: ExitName): void
}

/** Names of exit codes that `postkey help exit-codes` lists. */
export type ExitName = 'failed' | 'unavailable' | 'cancelled'
