import type { Command } from 'commander'
import type { LoadedConfig } from '#config/load.ts'
import { act, examples } from '../act.ts'
import type { Host, Role } from '../deps.ts'
import type { Run } from '../run.ts'
import { visible } from '../text.ts'

const roles: readonly (readonly [Role, string])[] = [
  ['agent', 'run the Messaging Agent and the Policy Service'],
  ['relay', 'run the relay'],
  ['smtp', 'run the embedded SMTP server'],
  ['imap', 'run the embedded IMAP server'],
]

export function daemonCommands(program: Command, host: Host): void {
  program
    .command('serve')
    .description('run everything the configuration asks for, until it is told to stop')
    .addHelpText('after', examples('serve --config /etc/postkey/postkey.toml', 'serve --set smtp.port=25'))
    .action(act(host, (run) => run.deps.serve(loadedAloud(run), 'all', run)))
  for (const [role, description] of roles)
    program
      .command(role)
      .description(`${description} alone`)
      .action(act(host, (run) => run.deps.serve(loadedAloud(run), [role], run)))
  program
    .command('start')
    .description('run everything on this machine with a first user, ready to activate a handheld')
    .action(act(host, (run) => run.deps.start(loadedAloud(run), run)))
  program
    .command('demo')
    .description('show one activation over real mail, in seconds; leaves nothing behind')
    .option('--json', 'as -o json: one line with every text shown, the timeline and the times')
    .action(act(host, (run) => run.deps.demo({ set: run.configInput.set, env: {}, cwd: run.deps.cwd }, run)))
}

/** What the configuration only mentions is told once, when a daemon starts. */
function loadedAloud(run: Run): LoadedConfig {
  const loaded = run.loaded()
  for (const warning of loaded.warnings) run.note(`postkey: ${visible(warning)}`)
  return loaded
}
