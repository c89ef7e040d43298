/** The handheld's commands as they are typed, in a directory of the test file that imports this. */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { Command } from 'commander'
import { parseRows } from '#cli/csv.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import { registerHandheldCommands } from '#handheld/cli.ts'
import type { HandheldIo } from '#handheld/cli-io.ts'
import { openHandheldDirectory } from '#handheld/file.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { silentLog } from '#kernel/log.ts'
import { toComplete } from './run-through.ts'
import { World } from './world.ts'

export const dir = mkdtempSync(join(tmpdir(), 'postkey-cli-'))
after(() => rm(dir, { recursive: true }))

interface Typed {
  readonly out: string
  readonly exits: readonly string[]
  readonly error: unknown
}

/** Runs one command line in surroundings without a terminal. */
export async function type(args: readonly string[], fields: Partial<HandheldIo> = {}): Promise<Typed> {
  let out = ''
  const exits: string[] = []
  const io: HandheldIo = {
    format: 'table',
    stdout: { write: (text) => (out += text) },
    stderr: { write: () => {} },
    cwd: dir,
    dataDir: () => dir,
    clock: systemClock,
    random: systemRandom,
    moment: (atMs) => new Date(atMs).toISOString(),
    log: silentLog,
    failpoint: noFailpoint,
    version: '1.0',
    stop: new AbortController().signal,
    canAsk: false,
    askPassword: async () => null,
    confirm: async () => false,
    parseCsv: parseRows,
    table: (titles, rows) => [titles, ...rows].map((row) => `${row.join('|')}\n`).join(''),
    setExit: (name) => exits.push(name),
    ...fields,
  }
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  registerHandheldCommands<Command>(program.command('handheld'), async () => io)
  const error = await program.parseAsync(['handheld', ...args], { from: 'user' }).then(
    () => null,
    (reason: unknown) => reason,
  )
  return { out, exits, error }
}

export const relay = ['--relay', 'ws://127.0.0.1:1', '--relay-id', 'relay.example.test']

export async function saved(name: string, state: World['state']): Promise<string> {
  const home = join(dir, name)
  const storage = await openHandheldDirectory(home)
  await storage.save({ seed: new Uint8Array(32), state })
  await storage.close()
  return home
}

/** One that is in service and has the password its policy requires. */
export function inService(): World {
  const world = new World()
  world.nowMs = Date.now()
  toComplete(world)
  world.raise({ kind: 'set_password', old: '', password: 'mine alone' })
  return world
}
