import type { Command } from 'commander'
import { checkConfig, sayMistake, usualFiles } from '#config/load.ts'
import type { Clash } from '#config/rules.ts'
import type { Config } from '#config/schema.ts'
import { brokenFiles } from '#config/secret-file.ts'
import { showConfig } from '#config/show.ts'
import type { Mistake } from '#config/sources.ts'
import { templateMistakes } from '#invitation/templates.ts'
import { act, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import type { Run } from '../run.ts'
import { count, visible } from '../text.ts'

export function configCommands(program: Command, host: Host): void {
  const config = program.command('config').description('the configuration')
  config
    .command('check')
    .description('find every mistake in it, at once; exits 78 where there is one')
    .addHelpText('after', examples('config check --config /etc/postkey/postkey.toml'))
    .action(act(host, check))
  config.command('show').description('every key with its value and where it was set').action(act(host, show))
}

async function check(run: Run): Promise<void> {
  const { loaded, file, mistakes: found, warnings: mentioned } = checkConfig(run.configInput)
  const files = loaded ? brokenFiles(loaded.config) : { mistakes: [], warnings: [] }
  const mistakes: Mistake[] = [
    ...found,
    ...[...files.mistakes, ...(loaded ? brokenTemplates(loaded.config) : [])].map(({ key, says }) => ({
      key,
      says,
      origin: loaded?.origins.get(key) ?? { kind: 'default' as const, at: 'default' },
    })),
  ]
  const warnings = [...mentioned, ...files.warnings]
  run.print({ good: mistakes.length === 0, file, mistakes, warnings }, () =>
    report(run, file, mistakes, warnings),
  )
  if (mistakes.length > 0) run.setExit('config')
}

/** Templates of mails that could not be filled in. */
const brokenTemplates = ({ invitation }: Config): Clash[] =>
  templateMistakes(invitation.templates_dir, invitation.language).map((says) => ({
    key: 'invitation.templates_dir',
    says: `${says} (invitation.template)`,
  }))

function report(
  { terminal }: Run,
  file: string | null,
  mistakes: readonly Mistake[],
  warnings: readonly string[],
): string {
  const lines = [
    file === null
      ? `There is no configuration file: none was named, and neither ${usualFiles.join(' nor ')} is there.`
      : `Looked at ${visible(file)}.`,
    ...mistakes.map((mistake) => `${terminal.red('mistake')}  ${visible(sayMistake(mistake))}`),
    ...warnings.map((warning) => `${terminal.yellow('warning')}  ${visible(warning)}`),
    mistakes.length === 0 ? 'The configuration is good.' : `${count(mistakes.length, 'mistake')}.`,
  ]
  return `${lines.join('\n')}\n`
}

async function show(run: Run): Promise<void> {
  const loaded = run.loaded()
  const keys = showConfig(loaded)
  run.print({ file: loaded.file, keys }, () =>
    run.table(
      [
        { title: 'KEY', value: ({ key }) => key },
        { title: 'VALUE', value: ({ value }) => value, flexible: true },
        { title: 'FROM', value: ({ origin, at }) => (origin === 'default' ? 'default' : at), flexible: true },
      ],
      keys,
    ),
  )
}
