/** What a command needs of the world; `main.ts` hands in the real ones. */
import type { Readable, Writable } from 'node:stream'
import type { Command } from 'commander'
import type { Credentials } from '#admin/access/desk.ts'
import type { AdminSession } from '#admin/admin.ts'
import type { ConfigInput, LoadedConfig } from '#config/load.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Run } from './run.ts'

export type Role = 'smtp' | 'imap' | 'relay' | 'agent'

export type Out = Writable & { readonly isTTY?: boolean; readonly columns?: number }
export type In = Readable & { readonly isTTY?: boolean }

/** Questions to a person; null where the person cancelled. */
export interface Prompts {
  password(message: string): Promise<string | null>
  /** A line of text. */
  text(message: string): Promise<string | null>
  confirm(message: string): Promise<boolean | null>
}

export interface RunDeps {
  readonly version: string
  readonly stdin: In
  readonly stdout: Out
  readonly stderr: Out
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** The person at this machine, by its operating system. */
  readonly osUser: string
  readonly clock: Clock
  /** Minutes east of UTC at a moment; the machine's own zone where absent. */
  readonly zoneMinutes?: (atMs: number) => number
  /** Aborts when the process is asked to stop: daemons and live views end by it. */
  readonly stop: AbortSignal
  /**
   * Calls `listener` at each SIGHUP until the returned function is called; before and after, a terminal that goes
   * away ends the process as it does any other.
   */
  onHangup(listener: () => void): () => void
  /** Opens the store itself; called only when no server answers. */
  openOffline(loaded: LoadedConfig, credentials: Credentials): Promise<AdminSession>
  /** Runs daemons until `stop`. `all` is every role that the configuration asks for. */
  serve(loaded: LoadedConfig, roles: readonly Role[] | 'all', run: Run): Promise<void>
  /** Everything on this machine, with a first user ready to activate; until `stop`. */
  start(loaded: LoadedConfig, run: Run): Promise<void>
  /** One activation before the reader's eyes in a directory that is thrown away; `input` holds --set values alone. */
  demo(input: ConfigInput, run: Run): Promise<void>
  /** Adds the terminal handheld's commands to `postkey handheld`. */
  readonly extendHandheld?: (handheld: Command, host: Host) => void
  /** Asked on a terminal only; @clack/prompts where absent. */
  readonly prompts?: Prompts
}

/** Makes the surroundings of one command's run out of its options. */
export interface Host {
  run(command: Command): Run
}
