import type { Command } from 'commander'
import type { PasswordView, UserDetail, UserView } from '#admin/views.ts'
import { act, arg, collect, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import { renderGuard } from '../guard.ts'
import { renderMails } from '../mails.ts'
import { consent, readPassword } from '../prompts.ts'
import { type Run, usage } from '../run.ts'
import { fields } from '../text.ts'
import { moment, relative } from '../time.ts'
import { activationColumns } from './activation.ts'
import { handheldColumns } from './handheld.ts'
import { showPasswords } from './issued.ts'
import { importUsers } from './user-import.ts'

export interface AddOptions {
  readonly name?: string
  readonly alias?: readonly string[]
  readonly from?: string
  readonly passwords?: boolean
  readonly hours?: number
  readonly output?: string
  readonly dryRun?: boolean
}

export const wholeHours = (value: string): number => {
  if (/^\d{1,4}$/.test(value)) return Number(value)
  throw usage(`hours are a whole number, not ${value}`)
}

export function userCommands(program: Command, host: Host): void {
  const user = program.command('user').description('users who may activate handhelds')
  user
    .command('add [address]')
    .description('add a user, or many from a CSV file')
    .option('--name <name>', 'display name')
    .option('--alias <address>', 'further address of the user; may be repeated', collect)
    .option(
      '--from <file.csv>',
      'add the users of a file with the columns address, name, aliases (- for standard input)',
    )
    .option('--passwords', 'generate an activation password for each and print it once')
    .option('--hours <n>', 'life of these passwords', wholeHours)
    .option('--output <file.csv>', 'write the passwords to a new file instead')
    .option('--dry-run', 'only show what would be added')
    .addHelpText(
      'after',
      examples(
        'user add alice@example.test --name "Alice Liddell"',
        'user add alice@example.test --passwords --hours 24',
        'user add --from staff.csv --passwords --output passwords.csv',
      ),
    )
    .action(act<AddOptions>(host, add))
  user
    .command('list')
    .description('list all users with the state of their activation passwords')
    .action(act(host, list))
  user
    .command('show <address>')
    .description('one user with activations and handhelds')
    .action(act(host, show))
  user
    .command('mailbox-password <address>')
    .description(
      'keep the password of the user\'s mailbox at your mail server, for [imap] access = "per_user"',
    )
    .option('--remove', 'forget it instead')
    .addHelpText(
      'after',
      `\nOn a terminal it is asked for twice; otherwise it is the first line of standard input.\n${examples(
        'user mailbox-password alice@example.test',
        'user mailbox-password alice@example.test < password.txt',
        'user mailbox-password alice@example.test --remove',
      )}`,
    )
    .action(act<{ readonly remove?: boolean }>(host, mailboxPassword))
  user
    .command('remove <address>')
    .description('remove a user with passwords, keys and, in the embedded mail server, the mailbox')
    .option('-y, --yes', 'do not ask')
    .action(act<{ readonly yes?: boolean }>(host, remove))
}

async function add(run: Run, args: readonly string[], options: AddOptions): Promise<void> {
  const [address] = args
  if (options.from !== undefined) {
    if (address !== undefined) throw usage('either an address or --from, not both')
    return importUsers(run, options.from, options)
  }
  if (address === undefined) throw usage('name an address, or a file with --from')
  if (options.dryRun || options.output !== undefined) throw usage('--dry-run and --output go with --from')
  const input = {
    address,
    aliases: options.alias ?? [],
    ...(options.name ? { displayName: options.name } : {}),
  }
  await run.admin(async (admin) => {
    const added = await admin.users.add(input)
    if (!options.passwords) return run.print(added, () => `Added ${added.address}.\n`)
    const terms = options.hours === undefined ? {} : { hours: options.hours }
    showPasswords(run, [await admin.passwords.generate(added.address, terms)])
  })
}

async function list(run: Run): Promise<void> {
  const users = await run.admin((admin) => admin.users.list())
  run.print(users, () =>
    users.length === 0 ? 'No users yet: postkey user add <address>\n' : userTable(run, users),
  )
}

const userTable = (run: Run, users: readonly UserView[]): string =>
  run.table(
    [
      { title: 'ADDRESS', value: (user) => user.address },
      { title: 'NAME', value: (user) => user.displayName, flexible: true },
      { title: 'PASSWORD', value: (user) => passwordWords(user.password, run.deps.clock.nowMs()) },
    ],
    users,
  )

/** The state of a password in a few words, with when it changes or changed. */
export function passwordWords(password: PasswordView | null, nowMs: number): string {
  if (password === null) return 'none'
  const guarded = password.guarded ? ', guarded' : ''
  switch (password.state) {
    case 'open':
      if ((password.notBeforeMs ?? 0) > nowMs)
        return `open, begins ${relative(password.notBeforeMs ?? 0, nowMs)}, expires ${relative(password.expiresAtMs, nowMs)}`
      return `open, expires ${relative(password.expiresAtMs, nowMs)}${guarded}`
    case 'claimed':
      return `claimed by ${password.claimedBy ?? 'a handheld'}${guarded}`
    default:
      return `${password.state} ${relative(password.closedAtMs ?? password.expiresAtMs, nowMs)}`
  }
}

async function show(run: Run, args: readonly string[]): Promise<void> {
  const user = await run.admin((admin) => admin.users.show(arg(args, 0)))
  run.print(user, () => describeUser(run, user))
}

function describeUser(run: Run, user: UserDetail): string {
  const nowMs = run.deps.clock.nowMs()
  const { password } = user
  const head = fields(
    [
      ['name', user.displayName],
      ['aliases', user.aliases.join(', ')],
      ['added', moment(user.createdAtMs, nowMs, run.zone)],
      ['password', passwordWords(password, nowMs)],
      ['wrong tries', password && password.wrongTries > 0 ? String(password.wrongTries) : null],
      ['begins', password?.notBeforeMs ? moment(password.notBeforeMs, nowMs, run.zone) : null],
      ['only for', password?.boundTo ?? null],
      ['mailbox password', user.mailboxPassword ? 'kept' : null],
    ],
    run.terminal.width,
  )
  const runs = user.activations.length === 0 ? '' : `\n${run.table(activationColumns(run), user.activations)}`
  const handhelds = user.handhelds.length === 0 ? '' : `\n${run.table(handheldColumns(run), user.handhelds)}`
  const guard = renderGuard(run, user.guard, user.address)
  const mails = renderMails(run, user.mails)
  return `${run.terminal.bold(user.address)}\n${head}${guard}${mails}${runs}${handhelds}`
}

async function mailboxPassword(
  run: Run,
  args: readonly string[],
  options: { readonly remove?: boolean },
): Promise<void> {
  const address = arg(args, 0)
  if (options.remove) {
    const user = await run.admin((admin) => admin.users.removeMailboxPassword(address))
    return run.print(user, () => `The password of ${user.address}'s mailbox is forgotten.\n`)
  }
  const typed = await readPassword(run, `Password of ${address}'s mailbox`)
  const user = await run.admin((admin) => admin.users.setMailboxPassword(address, typed))
  run.print(user, () => `The password of ${user.address}'s mailbox is kept.\n`)
}

async function remove(run: Run, args: readonly string[], options: { readonly yes?: boolean }): Promise<void> {
  const address = arg(args, 0)
  await run.admin(async (admin) => {
    const user = await admin.users.show(address)
    await consent(run, options.yes === true, `Remove ${user.address} with everything of theirs?`)
    const removed = await admin.users.remove(user.address)
    run.print(removed, () => `Removed ${removed.address}.\n`)
  })
}
