/** Many users from a CSV file: added, changed and left as they are; a row that cannot be taken is named, the rest goes on. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { AdminSession } from '#admin/admin.ts'
import type { ImportOptions, ImportResult } from '#admin/people/people.ts'
import { fileFault } from '#kernel/file-fault.ts'
import { act, arg, examples } from '../act.ts'
import { changeWords, faultWords } from '../changes.ts'
import type { Host } from '../deps.ts'
import { allUsers } from '../pages.ts'
import { newPasswordFile } from '../password-file.ts'
import { startProgress } from '../progress.ts'
import { consent } from '../prompts.ts'
import { type Run, usage } from '../run.ts'
import { count } from '../text.ts'
import { localIso } from '../time.ts'
import { parseUsers, type UserRow } from '../user-csv.ts'
import { wholeHours } from './whole-hours.ts'

interface Options {
  readonly passwords?: boolean
  readonly hours?: number
  readonly output?: string
  readonly removeMissing?: boolean
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** A row's result with its line; a user who is not in the file has none. */
type Line = Omit<ImportResult, 'index' | 'outcome'> & {
  readonly line: number | null
  readonly outcome: ImportResult['outcome'] | 'removed'
}

const columnsHelp = `
Columns, by a header or in this order: address, name, aliases, groups, organisation, enabled. Aliases are separated by
spaces or semicolons, groups by semicolons; enabled is yes or no. A column that is not there changes nothing, an empty
one empties. Groups that do not exist yet are made. A second import of the same file changes nothing.
`

export function userImportCommand(user: Command, host: Host): void {
  user
    .command('import <file.csv>')
    .description('add and change users as a CSV file says (- for standard input)')
    .option('--passwords', 'generate an activation password for each user who is added and print it once')
    .option('--hours <n>', 'life of these passwords', wholeHours)
    .option('--output <file.csv>', 'write the passwords to a new file instead')
    .option('--remove-missing', 'remove users who are not in the file, but for those of a directory')
    .option('--dry-run', 'only show what would be otherwise')
    .option('-y, --yes', 'do not ask before users are removed')
    .addHelpText(
      'after',
      columnsHelp +
        examples(
          'user import staff.csv --dry-run',
          'user import staff.csv --passwords --output passwords.csv',
          'user import staff.csv --remove-missing',
        ),
    )
    .action(act<Options>(host, importUsers))
}

async function importUsers(run: Run, args: readonly string[], options: Options): Promise<void> {
  const rows = parseUsers(await readCsv(run, arg(args, 0)))
  if (options.dryRun && options.output !== undefined) throw usage('a dry run makes no passwords to write')
  const written = options.output === undefined ? null : passwordWriter(run, options.output)
  const lines: Line[] = []
  try {
    await run.admin(async (admin) => {
      await importAll(run, admin, rows, options, (line) => {
        lines.push(line)
        written?.(line)
      })
      if (options.removeMissing) lines.push(...(await removeMissing(run, admin, lines, options)))
    })
  } finally {
    // Also where the server stopped half-way: what was issued until then is shown nowhere else.
    report(run, rows.length, lines, options)
  }
}

async function importAll(
  run: Run,
  admin: AdminSession,
  rows: readonly UserRow[],
  { hours, passwords, dryRun }: Options,
  take: (line: Line) => void,
): Promise<void> {
  const good = rows.flatMap((one) => ('row' in one ? [one] : []))
  const terms = hours === undefined ? {} : { hours }
  const how: ImportOptions = { ...(passwords ? { passwords: terms } : {}), ...(dryRun ? { dryRun } : {}) }
  for (const one of rows)
    if ('wrong' in one)
      take({ ...noChange(one.address, one.line), fault: { code: 'admin.usage', detail: one.wrong } })
  const progress = startProgress(run.terminal, dryRun ? 'Comparing users' : 'Importing users', good.length)
  try {
    for await (const { index, ...result } of admin.users.import(
      good.map(({ row }) => row),
      how,
    )) {
      take({ ...result, line: good[index]?.line ?? null })
      progress.advance()
    }
  } finally {
    progress.stop()
  }
}

const noChange = (address: string, line: number | null): Line => ({
  line,
  address,
  outcome: 'set_aside',
  changes: [],
  password: null,
  fault: null,
})

/** Nobody is taken for missing whose row could not be read. */
async function removeMissing(
  run: Run,
  admin: AdminSession,
  lines: readonly Line[],
  { dryRun, yes }: Options,
): Promise<Line[]> {
  if (lines.some(({ outcome }) => outcome === 'set_aside')) {
    run.note('Nobody is removed, since rows were set aside.')
    return []
  }
  const named = new Set(lines.map(({ address }) => address))
  const users = await Array.fromAsync(allUsers(admin, { directory: false }))
  const missing = users.filter(({ address }) => !named.has(address))
  if (!dryRun && missing.length > 0)
    await consent(
      run,
      yes === true,
      `Remove ${count(missing.length, 'user')} who are not in the file, with everything of theirs?`,
    )
  const removed: Line[] = []
  for (const { address } of missing) {
    if (!dryRun) await admin.users.remove(address)
    removed.push({ ...noChange(address, null), outcome: 'removed' })
  }
  return removed
}

async function readCsv(run: Run, file: string): Promise<string> {
  if (file === '-') return text(run.terminal.stdin)
  try {
    return readFileSync(resolve(run.deps.cwd, file), 'utf8')
  } catch (error) {
    throw fileFault(file, error)
  }
}

function report(run: Run, rows: number, lines: readonly Line[], { output, dryRun }: Options): void {
  const sorted = lines.toSorted((a, b) => (a.line ?? Number.MAX_VALUE) - (b.line ?? Number.MAX_VALUE))
  const shown = sorted.map((line) => (output === undefined ? line : { ...line, password: null }))
  const news = shown.filter(({ outcome }) => outcome !== 'unchanged')
  run.print(shown, () => (news.length === 0 ? '' : lineTable(run, news)))
  if (output !== undefined) run.note(`Passwords are in ${output}; nothing else keeps them.`)
  const of = (outcome: Line['outcome']): number => lines.filter((line) => line.outcome === outcome).length
  const said = [
    `${of('added')} added`,
    `${of('changed')} changed`,
    ...(of('removed') > 0 ? [`${of('removed')} removed`] : []),
    `${of('unchanged')} unchanged`,
    `${of('set_aside')} set aside`,
  ].join(', ')
  run.note(
    dryRun
      ? `Of ${count(rows, 'row')} it would be: ${said}. Nothing was changed.`
      : `Of ${count(rows, 'row')}: ${said}.`,
  )
  if (lines.some(({ fault }) => fault !== null)) run.setExit('failed')
}

const lineTable = (run: Run, lines: readonly Line[]): string =>
  run.table(
    [
      { title: 'LINE', value: ({ line }) => (line === null ? '' : String(line)) },
      { title: 'ADDRESS', value: ({ address }) => address },
      ...(lines.some(({ password }) => password)
        ? [{ title: 'PASSWORD', value: ({ password }: Line) => password?.password ?? '' }]
        : []),
      { title: 'RESULT', value: resultWords, flexible: true },
    ],
    lines,
  )

function resultWords({ outcome, changes, fault }: Line): string {
  if (fault) return outcome === 'added' ? `added without a password: ${faultWords(fault)}` : faultWords(fault)
  return outcome === 'changed' ? `changed: ${changeWords(changes)}` : outcome
}

/** How the password of a result is written to a new file. @throws Fault admin.file where it exists already */
function passwordWriter(run: Run, output: string): (result: Pick<Line, 'address' | 'password'>) => void {
  const file = newPasswordFile(run.deps.cwd, output, ['address', 'password', 'expires'])
  return ({ address, password }) => {
    if (password === null) return
    file.write([address, password.password ?? '', localIso(password.expiresAtMs, run.zone)])
  }
}
