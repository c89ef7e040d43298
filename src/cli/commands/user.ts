import type { Command } from 'commander'
import type { UserDetail } from '#admin/views.ts'
import { act, arg, collect, examples } from '../act.ts'
import { type Consent, mayLose, withConsent } from '../consent.ts'
import type { Host } from '../deps.ts'
import { renderGuard } from '../guard.ts'
import { renderMails } from '../mails.ts'
import { droppedWords } from '../policy-tables.ts'
import { readPassword } from '../prompts.ts'
import type { Run } from '../run.ts'
import { count, fields } from '../text.ts'
import { moment, relative } from '../time.ts'
import { activationColumns } from './activation.ts'
import { handheldColumns } from './handheld.ts'
import { showPasswords } from './issued.ts'
import { passwordWords } from './password-words.ts'
import { userChangeCommands } from './user-change.ts'
import { userImportCommand } from './user-import.ts'
import { userListCommands } from './user-list.ts'
import { userSyncCommand } from './user-sync.ts'
import { wholeHours } from './whole-hours.ts'

interface AddOptions {
  readonly name?: string
  readonly alias?: readonly string[]
  readonly group?: readonly string[]
  readonly organisation?: string
  readonly passwords?: boolean
  readonly hours?: number
}

export function userCommands(program: Command, host: Host): void {
  const user = program.command('user').description('users who may activate handhelds')
  user
    .command('add <address>')
    .description('add a user; many at once: user import')
    .option('--name <name>', 'display name')
    .option('--alias <address>', 'further address of the user; may be repeated', collect)
    .option('--group <name>', 'group of the user; may be repeated', collect)
    .option('--organisation <name>', 'organisation of the user')
    .option('--passwords', 'generate an activation password and print it once')
    .option('--hours <n>', 'life of this password', wholeHours)
    .addHelpText(
      'after',
      examples(
        'user add alice@example.test --name "Alice Liddell" --group Sales',
        'user add alice@example.test --passwords --hours 24',
      ),
    )
    .action(act<AddOptions>(host, add))
  userListCommands(user, host)
  userImportCommand(user, host)
  userSyncCommand(user, host)
  userChangeCommands(user, host)
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
  withConsent(
    user
      .command('remove <address>')
      .description('remove a user with passwords, keys and, in the embedded mail server, the mailbox'),
  ).action(act<Consent>(host, remove))
}

async function add(run: Run, args: readonly string[], options: AddOptions): Promise<void> {
  const input = {
    address: arg(args, 0),
    aliases: options.alias ?? [],
    groups: options.group ?? [],
    ...(options.name === undefined ? {} : { displayName: options.name }),
    ...(options.organisation === undefined ? {} : { organisation: options.organisation }),
  }
  await run.admin(async (admin) => {
    const added = await admin.users.add(input)
    if (!options.passwords) return run.print(added, () => `Added ${added.address}.\n`)
    const terms = options.hours === undefined ? {} : { hours: options.hours }
    showPasswords(run, [await admin.passwords.generate(added.address, terms)])
  })
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
      ['organisation', user.organisation],
      ['groups', user.groups.join(', ')],
      ['disabled', user.disabled && disabledWords(user.disabled, nowMs)],
      ['redirect', user.redirect ? null : 'off: no mail goes on to the handheld'],
      ['directory', user.directory],
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

const disabledWords = ({ by, atMs }: NonNullable<UserDetail['disabled']>, nowMs: number): string =>
  `${relative(atMs, nowMs)} by ${by === 'directory' ? 'the directory' : 'an administrator'}: no activations, no mail`

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
  const typed = await readPassword(run, `Password of ${address}'s mailbox`, {
    operation: 'users.setMailboxPassword',
    on: address,
  })
  const user = await run.admin((admin) => admin.users.setMailboxPassword(address, typed))
  run.print(user, () => `The password of ${user.address}'s mailbox is kept.\n`)
}

async function remove(run: Run, args: readonly string[], consent: Consent): Promise<void> {
  const address = arg(args, 0)
  await run.admin(async (admin) => {
    const user = await admin.users.show(address)
    const { address: name } = user
    const dropped = droppedWords(await admin.queue.list({ of: name }))
    const working = user.handhelds.filter(({ state }) => state === 'active').length
    const says = `Removes ${name} with passwords, keys and ${count(working, 'handheld')}.${dropped}`
    if (!(await mayLose(run, admin, consent, { name, says, value: user, operation: 'users.remove' }))) return
    const removed = await admin.users.remove(user.address)
    run.print(removed, () => `Removed ${removed.address}.${dropped}\n`)
  })
}
