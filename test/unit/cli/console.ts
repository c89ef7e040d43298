/** Runs commands as a person or a script would, against a real store, and keeps what they print. */
import { Readable, Writable } from 'node:stream'
import { offlineSession } from '#admin/access/offline-session.ts'
import type { Admin } from '#admin/admin.ts'
import type { AdminParts } from '#admin/ports.ts'
import { noServerCheck } from '#admin/status.ts'
import type { Out, Prompts, RunDeps } from '#cli/deps.ts'
import { runCli } from '#cli/run-cli.ts'
import { type Installation, openInstallation } from '../admin/installation.ts'

export interface Printed {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly admin?: Partial<Admin>
  readonly columns?: number
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  /** Makes standard input and error a terminal as well, with a person who answers like this. */
  readonly prompts?: Prompts
  readonly deps?: Partial<RunDeps>
}

export interface Console extends Installation {
  run(argv: readonly string[], options?: RunOptions): Promise<Printed>
}

export function openConsole(changed: Partial<AdminParts> = {}): Console {
  const site = openInstallation({ health: () => [noServerCheck], ...changed })
  return { ...site, run: (argv, options = {}) => run(site, argv, options) }
}

async function run(site: Installation, argv: readonly string[], options: RunOptions): Promise<Printed> {
  const asked = options.prompts !== undefined
  const stdout = sink(options.columns)
  const stderr = sink(asked ? 80 : undefined)
  const code = await runCli(argv, {
    version: '1.2.3',
    stdin: Object.assign(Readable.from([options.stdin ?? '']), { isTTY: asked }),
    stdout,
    stderr,
    env: options.env ?? {},
    cwd: site.directory,
    osUser: 'tester',
    clock: site.clock,
    zoneMinutes: () => 60,
    stop: AbortSignal.timeout(10_000),
    onHangup: () => () => {},
    openOffline: async (_loaded, credentials) => ({
      ...(await offlineSession(site.desk, credentials, async () => {})),
      ...options.admin,
    }),
    serve: async () => {},
    start: async () => {},
    demo: async () => {},
    ...(options.prompts ? { prompts: options.prompts } : {}),
    ...options.deps,
  })
  return { code, out: stdout.text(), err: stderr.text() }
}

function sink(columns: number | undefined): Out & { text(): string } {
  const parts: string[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      parts.push(String(chunk))
      done()
    },
  })
  const terminal = columns === undefined ? {} : { isTTY: true, columns }
  return Object.assign(stream, terminal, { text: () => parts.join('') })
}
