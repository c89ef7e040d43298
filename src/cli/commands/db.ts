import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Fault } from '#kernel/fault.ts'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import type { Run } from '../run.ts'
import { visible } from '../text.ts'

export function dbCommands(program: Command, host: Host): void {
  const db = program.command('db').description('the database')
  db.command('migrate')
    .description('bring the schema to this version; a server does it by itself when it starts')
    .action(act(host, migrate))
  db.command('backup <file>')
    .description('write a consistent copy to a new file, while the server runs or not')
    .addHelpText('after', examples('db backup /var/backups/postkey-$(date +%F).db'))
    .action(act(host, backup))
  db.command('verify').description('look for damage; exits 1 where there is some').action(act(host, verify))
}

async function migrate(run: Run): Promise<void> {
  const result = await run.admin((admin) => admin.database.migrate())
  const done = result.applied.length === 0 ? 'Nothing to do' : `Applied ${result.applied.join(', ')}`
  run.print(result, () => `${done}; the schema is at version ${result.version}.\n`)
}

async function backup(run: Run, args: readonly string[]): Promise<void> {
  // The server has another working directory.
  const path = resolve(run.deps.cwd, arg(args, 0))
  const result = await run.admin((admin) => admin.database.backup(path))
  run.print(result, () => `Wrote ${result.path}, ${result.bytes} bytes.\n`)
  run.note('What is sealed in it opens with the storage key only: keep that key in another place.')
}

async function verify(run: Run): Promise<void> {
  const result = await run.admin((admin) => admin.database.verify())
  run.print(result, () =>
    result.good ? 'No damage found.\n' : `${result.problems.map((problem) => visible(problem)).join('\n')}\n`,
  )
  if (!result.good) throw new Fault('store.damaged')
}
