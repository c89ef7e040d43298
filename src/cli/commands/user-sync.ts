/** `user sync-ldap`: users as the directory says. */
import type { Command } from 'commander'
import type { SyncNote, SyncOptions, SyncResult } from '#admin/people/people.ts'
import { act, examples } from '../act.ts'
import { changeWords, faultWords } from '../changes.ts'
import type { Host } from '../deps.ts'
import { type Moving, startMoving } from '../moving.ts'
import { type Progress, startProgress } from '../progress.ts'
import { consent } from '../prompts.ts'
import type { Run } from '../run.ts'

interface Options extends SyncOptions {
  readonly yes?: boolean
}

export function userSyncCommand(user: Command, host: Host): void {
  user
    .command('sync-ldap')
    .description('have users say what the directory of [ldap] says')
    .option('--dry-run', 'only show what would be otherwise')
    .option('--remove-missing', 'remove users whose entry is gone; without it they are disabled')
    .option('--adopt', 'let the directory speak for users of the same address who were made by hand')
    .option('--force', 'even where more users vanish than [ldap] vanish_percent_max allows')
    .option('-y, --yes', 'do not ask before users are removed')
    .addHelpText(
      'after',
      `
Users whom the directory made are added, changed and disabled with their entries; an entry that was renamed stays the
same user. Users made by hand are not touched. It may be repeated as often as you like.
${examples('user sync-ldap --dry-run', 'user sync-ldap', 'user sync-ldap --dry-run -o json')}`,
    )
    .action(act<Options>(host, sync))
}

async function sync(run: Run, _args: readonly string[], { yes, ...options }: Options): Promise<void> {
  if (options.removeMissing && !options.dryRun)
    await consent(run, yes === true, 'Remove users whose entry is gone, with everything of theirs?')
  const results: SyncResult[] = []
  const guards: Extract<SyncNote, { kind: 'guard' }>[] = []
  const screen = watch(run)
  try {
    await run.admin(async (admin) => {
      for await (const note of admin.directory.sync(options, run.deps.stop)) {
        screen.take(note)
        if (note.kind === 'result') results.push(note.result)
        if (note.kind === 'guard') guards.push(note)
      }
    })
  } finally {
    screen.stop()
  }
  report(run, results, options.dryRun === true)
  for (const { vanishing, of } of guards)
    run.note(
      `It would be refused without --force: ${vanishing} of ${of} users would vanish [ldap.vanishing].`,
    )
}

/** How many entries were read, then a bar for the work on them. */
function watch(run: Run): { take(note: SyncNote): void; stop(): void } {
  const reading: Moving = startMoving(run.terminal, run.deps.clock, run.format === 'table')
  reading.say('Reading the directory')
  let bar: Progress | null = null
  return {
    take: (note) => {
      if (note.kind === 'read') reading.say(`Reading the directory: ${note.entries} entries`)
      if (note.kind === 'result') bar?.advance()
      if (note.kind !== 'planned') return
      reading.stop()
      bar = startProgress(run.terminal, 'Updating users', note.total)
    },
    stop: () => {
      reading.stop()
      bar?.stop()
    },
  }
}

function report(run: Run, results: readonly SyncResult[], dryRun: boolean): void {
  const news = results.filter(({ outcome }) => outcome !== 'unchanged')
  run.print(results, () => (news.length === 0 ? '' : resultTable(run, news)))
  const said = (['added', 'changed', 'disabled', 'removed', 'unchanged', 'set_aside'] as const)
    .map((outcome) => ({ outcome, n: results.filter((result) => result.outcome === outcome).length }))
    .filter(({ outcome, n }) => n > 0 || outcome === 'unchanged')
    .map(({ outcome, n }) => `${n} ${outcome.replace('_', ' ')}`)
    .join(', ')
  run.note(dryRun ? `It would be: ${said}. Nothing was changed.` : `${said}.`)
  if (results.some(({ fault }) => fault !== null)) run.setExit('failed')
}

const resultTable = (run: Run, results: readonly SyncResult[]): string =>
  run.table(
    [
      { title: 'ADDRESS', value: ({ address }) => address },
      { title: 'RESULT', value: resultWords, flexible: true },
      { title: 'ENTRY', value: ({ dn }) => dn, flexible: true },
    ],
    results,
  )

function resultWords({ outcome, changes, fault }: SyncResult): string {
  if (fault) return faultWords(fault)
  return outcome === 'changed' ? `changed: ${changeWords(changes)}` : outcome
}
