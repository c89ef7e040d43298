import type { Command } from 'commander'
import type { CertificateView, KeyView } from '#admin/views-keys.ts'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import type { Run } from '../run.ts'
import type { Column } from '../table.ts'
import { visible } from '../text.ts'
import { moment, relative } from '../time.ts'

export function keyCommands(program: Command, host: Host): Command {
  const keys = program.command('keys').description('master keys of handhelds')
  keys
    .command('list')
    .description('which key each handheld has, and how its rollover stands')
    .addHelpText('after', examples('keys list'))
    .action(act(host, list))
  keys
    .command('roll <pin|all>')
    .description('give a handheld, or each of them, a new master key now')
    .addHelpText('after', examples('keys roll 2100000A', 'keys roll all'))
    .action(act(host, roll))
  keys
    .command('certificates')
    .description('the certificates of the domain, and when they end')
    .addHelpText('after', examples('keys certificates'))
    .action(act(host, certificates))
  keys
    .command('rotate-storage-key')
    .description('seal everything in the database under a new storage key, while no server runs')
    .addHelpText('after', examples('keys rotate-storage-key'))
    .action(act(host, rotate))
  return keys
}

const columns = (run: Run): readonly Column<KeyView>[] => [
  { title: 'PIN', value: ({ pin }) => pin },
  { title: 'USER', value: ({ user }) => user ?? '', flexible: true },
  { title: 'KEY', value: ({ kid }) => kidText(kid) },
  { title: 'ALGORITHM', value: algorithmText },
  { title: 'SINCE', value: ({ currentSinceMs }) => relative(currentSinceMs, run.deps.clock.nowMs()) },
  { title: 'NEXT', value: ({ nextRolloverAtMs }) => relative(nextRolloverAtMs, run.deps.clock.nowMs()) },
  { title: 'ROLLOVER', value: rolloverText, flexible: true },
]

export const kidText = (kid: number): string => kid.toString(16).padStart(8, '0')

function algorithmText({ algorithm, hybrid, otherAlgorithm, configured }: KeyView): string {
  const remark = configured ? ' (not the first choice)' : ' (not the configured one)'
  return `${algorithm}${hybrid ? ' + ML-KEM' : ''}${otherAlgorithm ? remark : ''}`
}

function rolloverText({ rollover, wanted }: KeyView): string {
  if (!rollover) return wanted ? 'asked for' : ''
  return `${rollover.phase} (begun by the ${rollover.begunBy}), the ${rollover.turn}’s turn`
}

async function list(run: Run): Promise<void> {
  const keys = await run.admin((admin) => admin.keys.list())
  run.print(keys, () => (keys.length === 0 ? 'No keys.\n' : run.table(columns(run), keys)))
}

async function roll(run: Run, args: readonly string[]): Promise<void> {
  const wanted = await run.admin((admin) => admin.keys.roll(arg(args, 0)))
  const count = wanted.pins.length
  run.print(wanted, () =>
    count === 1
      ? `The key of ${wanted.pins[0]} is rolled over as soon as it answers.\n`
      : `${count} keys are rolled over as soon as their handhelds answer.\n`,
  )
}

async function rotate(run: Run): Promise<void> {
  const { rows } = await run.admin((admin) => admin.keys.rotateStorageKey())
  run.print({ rows }, () => `${rows} values are sealed under the new storage key.\n`)
  run.note('Backups of before still need the old key; make a new backup of the database and of the key file.')
}

const certificateColumns = (run: Run): readonly Column<CertificateView>[] => [
  { title: 'CERTIFICATE', value: ({ what }) => what },
  { title: 'SUBJECT', value: ({ subject }) => subject, flexible: true },
  { title: 'UNTIL', value: ({ untilMs }) => moment(untilMs, run.deps.clock.nowMs(), run.zone) },
  { title: 'RENEWED FROM', value: ({ renewedFromMs }) => relative(renewedFromMs, run.deps.clock.nowMs()) },
]

async function certificates(run: Run): Promise<void> {
  const all = await run.admin((admin) => admin.keys.certificates())
  run.print(all, () => run.table(certificateColumns(run), all))
  for (const { remark } of all) if (remark !== null) run.note(visible(remark))
}
