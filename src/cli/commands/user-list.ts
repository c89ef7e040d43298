/** `user list` and `user export`: users who have what is asked for. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { UserQuery } from '#admin/people/people.ts'
import type { UserView } from '#admin/views.ts'
import { fileFault } from '#kernel/file-fault.ts'
import { act, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import { allUsers } from '../pages.ts'
import { type Run, usage } from '../run.ts'
import type { Column } from '../table.ts'
import { count } from '../text.ts'
import { userCsvHeader, userCsvLine } from '../user-csv.ts'
import { passwordWords } from './password-words.ts'

export interface FilterOptions {
  readonly group?: string
  readonly organisation?: string
  readonly search?: string
  readonly disabled?: boolean
  readonly enabled?: boolean
  readonly directory?: boolean
}

interface ListOptions extends FilterOptions {
  readonly after?: string
  readonly limit?: number
  readonly all?: boolean
}

const shownAtOnce = 100
const limitMax = 1_000

const limitOf = (value: string): number => {
  if (/^\d{1,4}$/.test(value) && Number(value) >= 1 && Number(value) <= limitMax) return Number(value)
  throw usage(`the limit is 1 to ${limitMax}, not ${value}`)
}

export function userListCommands(user: Command, host: Host): void {
  filtered(user.command('list').description('list users with the state of their activation passwords'))
    .option('--limit <n>', `at most so many, 1 to ${limitMax}; ${shownAtOnce} where a person reads`, limitOf)
    .option('--after <address>', 'go on after this user')
    .option('--all', 'all of them, however many')
    .addHelpText(
      'after',
      examples(
        'user list --group Sales',
        'user list --disabled --search liddell',
        'user list --organisation "Example North" -o json',
      ),
    )
    .action(act<ListOptions>(host, list))
  filtered(user.command('export [file.csv]').description('write users as the CSV that `user import` reads'))
    .addHelpText(
      'after',
      `\nWithout a file, or with -, it goes to standard output.\n${examples(
        'user export users.csv',
        'user export --group Sales > sales.csv',
      )}`,
    )
    .action(act<FilterOptions>(host, exportUsers))
}

const filtered = (command: Command): Command =>
  command
    .option('--group <name>', 'only those of a group')
    .option('--organisation <name>', 'only those of an organisation')
    .option('--search <text>', 'only those with this in an address or the name')
    .option('--disabled', 'only those who are disabled')
    .option('--enabled', 'only those who are not')
    .option('--directory', 'only those whom a directory speaks for')

function queryOf({ disabled, enabled, ...rest }: FilterOptions): UserQuery {
  if (disabled && enabled) throw usage('either --disabled or --enabled, not both')
  const { group, organisation, search, directory } = rest
  return {
    ...(group === undefined ? {} : { group }),
    ...(organisation === undefined ? {} : { organisation }),
    ...(search === undefined ? {} : { search }),
    ...(directory ? { directory } : {}),
    ...(disabled || enabled ? { disabled: disabled === true } : {}),
  }
}

async function list(run: Run, _args: readonly string[], options: ListOptions): Promise<void> {
  if (options.all && options.limit !== undefined) throw usage('either --all or --limit, not both')
  const query = queryOf(options)
  const from = options.after === undefined ? query : { ...query, after: options.after }
  // A program that asks for all users and gets a hundred would not notice.
  const limit = options.limit ?? (run.format === 'json' ? undefined : shownAtOnce)
  await run.admin(async (admin) => {
    const users =
      options.all || limit === undefined
        ? await Array.fromAsync(allUsers(admin, from))
        : await admin.users.list({ ...from, limit })
    run.print(users, () => (users.length === 0 ? nobody(query) : userTable(run, users)))
    const last = users.at(-1)
    if (!last || users.length !== limit || options.all) return
    const total = await admin.users.count(query)
    if (options.after === undefined && total === users.length) return
    run.note(`${users.length} of ${count(total, 'user')}; go on with --after ${last.address}, or --all.`)
  })
}

const nobody = (query: UserQuery): string =>
  Object.keys(query).length === 0
    ? 'No users yet: postkey user add <address>, or postkey user import <file.csv>\n'
    : 'No such users.\n'

/** What nobody has takes no column. */
export function userTable(run: Run, users: readonly UserView[]): string {
  const nowMs = run.deps.clock.nowMs()
  const all: Column<UserView>[] = [
    { title: 'ADDRESS', value: ({ address }) => address },
    { title: 'NAME', value: ({ displayName }) => displayName, flexible: true },
    { title: 'ORGANISATION', value: ({ organisation }) => organisation, flexible: true },
    { title: 'GROUPS', value: ({ groups }) => groups.join(', '), flexible: true },
    { title: 'STATE', value: stateWords },
    { title: 'PASSWORD', value: ({ password }) => passwordWords(password, nowMs) },
  ]
  const optional = new Set(['ORGANISATION', 'GROUPS', 'STATE'])
  return run.table(
    all.filter(({ title, value }) => !optional.has(title) || users.some((user) => value(user) !== '')),
    users,
  )
}

const stateWords = ({ disabled, redirect }: UserView): string =>
  [disabled ? 'disabled' : '', redirect ? '' : 'redirect off'].filter(Boolean).join(', ')

async function exportUsers(run: Run, args: readonly string[], options: FilterOptions): Promise<void> {
  const [file = '-'] = args
  const users = await run.admin((admin) => Array.fromAsync(allUsers(admin, queryOf(options))))
  const csv = (): string => userCsvHeader + users.map(userCsvLine).join('')
  if (file === '-') return run.print(users, csv)
  try {
    writeFileSync(resolve(run.deps.cwd, file), csv(), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw fileFault(file, error)
  }
  run.print({ file, users: users.length }, () => `${count(users.length, 'user')} written to ${file}.\n`)
}
