/** The surroundings of one command: its configuration, the server or store behind it, the form of its answer. */
import type { Command } from 'commander'
import type { Credentials } from '#admin/access/desk.ts'
import type { AdminSession } from '#admin/admin.ts'
import { connectAdmin } from '#admin/socket/client.ts'
import { type ConfigInput, type LoadedConfig, loadConfig } from '#config/load.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import { credentialsOf } from './credentials.ts'
import type { RunDeps } from './deps.ts'
import { type ExitName, exitCode } from './exit-codes.ts'
import { type Column, renderTable } from './table.ts'
import { makeTerminal, type Terminal } from './terminal.ts'
import { machineZone, type ZoneMinutes } from './time.ts'

export type Format = 'table' | 'json'

/** Options every command takes. */
export interface GlobalOptions {
  readonly config?: string
  readonly set?: readonly string[]
  readonly format: Format
  readonly tokenFile?: string
  /** `postkey demo --json`. */
  readonly json?: boolean
}

export interface Run {
  readonly deps: RunDeps
  readonly terminal: Terminal
  readonly format: Format
  readonly zone: ZoneMinutes
  readonly configInput: ConfigInput
  /** @throws Fault config.invalid */
  loaded(): LoadedConfig
  /** Works with the running server's use cases, or with the store itself where no server runs. */
  admin<T>(work: (admin: AdminSession) => Promise<T>): Promise<T>
  /** The same as nobody yet: a token that is there, and may be an old one, is not brought. */
  anew<T>(work: (admin: AdminSession) => Promise<T>): Promise<T>
  /** Prints the value for programs, or what `render` makes of it for people. */
  print(value: unknown, render: () => string): void
  /** One line of a live view: a JSON object or a sentence. */
  printLine(value: unknown, render: () => string): void
  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string
  /** A remark beside the answer; goes to standard error. */
  note(text: string): void
  /** How the process ends if nothing else happens. */
  setExit(name: ExitName): void
}

export function makeRun(deps: RunDeps, command: Command, setExitCode: (code: number) => void): Run {
  const options = command.optsWithGlobals<GlobalOptions>()
  const terminal = makeTerminal(deps)
  const configInput: ConfigInput = {
    set: options.set ?? [],
    env: deps.env,
    cwd: deps.cwd,
    ...(options.config === undefined ? {} : { file: options.config }),
  }
  const loaded = () => loadConfig(configInput)
  const write = (text: string) => void terminal.stdout.write(text)
  const format = options.json ? 'json' : options.format
  return {
    deps,
    terminal,
    format,
    zone: deps.zoneMinutes ?? machineZone,
    configInput,
    loaded,
    admin: (work) => withAdmin(deps, loaded(), credentialsOf(deps, options.tokenFile), work),
    anew: (work) => withAdmin(deps, loaded(), { osUser: deps.osUser, token: null }, work),
    print: (value, render) => write(format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : render()),
    printLine: (value, render) => write(format === 'json' ? `${JSON.stringify(value)}\n` : `${render()}\n`),
    table: (columns, rows) =>
      renderTable(columns, rows, { width: terminal.people ? terminal.width : null, bold: terminal.bold }),
    note: (text) => void terminal.stderr.write(`${text}\n`),
    setExit: (name) => setExitCode(exitCode(name)),
  }
}

/** Never two writers: the store is opened only after nobody answered on the socket. */
async function withAdmin<T>(
  deps: RunDeps,
  loaded: LoadedConfig,
  credentials: Credentials,
  work: (admin: AdminSession) => Promise<T>,
): Promise<T> {
  const session =
    (await connectEither(loaded.config.admin, credentials)) ?? (await deps.openOffline(loaded, credentials))
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

/**
 * The owner's socket, or that of the group: whoever brings a token, or may not open the owner's, goes to the group's.
 * @throws Fault admin.file where neither may be opened
 */
async function connectEither(
  { socket, group_socket: group }: LoadedConfig['config']['admin'],
  credentials: Credentials,
): Promise<AdminSession | null> {
  const paths = credentials.token === null ? [socket, group] : [group, socket]
  let closed: unknown = null
  for (const path of paths.filter((one) => one !== ''))
    try {
      const session = await connectAdmin(path, credentials)
      if (session) return session
    } catch (error) {
      if (faultCodeOf(error) !== 'admin.file') throw error
      closed ??= error
    }
  if (closed) throw closed
  return null
}

/** A person cancelled at a prompt: nothing was done. */
export class Cancelled extends Error {}

export const usage = (detail: string): Fault => new Fault('admin.usage', detail)
