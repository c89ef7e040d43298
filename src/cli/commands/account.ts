import { Argument, type Command, Option } from 'commander'
import { roleNames, roleWords } from '#admin/access/roles.ts'
import type { AccountView } from '#admin/access/views.ts'
import { act, arg, examples } from '../act.ts'
import { type Consent, mayLose, withConsent } from '../consent.ts'
import type { Host } from '../deps.ts'
import { readPassword } from '../prompts.ts'
import type { Run } from '../run.ts'
import { fields } from '../text.ts'
import { moment, relative } from '../time.ts'

export const rolesHelp = `\nRoles:\n${roleNames.map((role) => `  ${role.padEnd(14)} ${roleWords[role]}`).join('\n')}\n`

const passwordHelp =
  '\nOn a terminal it is asked for twice; otherwise it is the first line of standard input.\n'

export const roleOption = (): Option =>
  new Option('--role <role>', 'what it may do').choices(roleNames).makeOptionMandatory()

export function accountCommands(program: Command, host: Host): void {
  const account = program.command('account').description('people who administer, each with a role')
  account
    .command('add <name>')
    .description('add an account; its password is asked for')
    .addOption(roleOption())
    .addHelpText('after', rolesHelp + passwordHelp + examples('account add maria --role helpdesk'))
    .action(act<{ readonly role: string }>(host, add))
  account.command('list').description('list all accounts with their roles').action(act(host, list))
  account.command('show <name>').description('one account').action(act(host, show))
  account
    .command('set-password <name>')
    .description('give it another password; its sessions end')
    .addHelpText('after', passwordHelp + examples('account set-password maria'))
    .action(act(host, setPassword))
  account
    .command('set-role <name>')
    .description('give it another role, at once also in its sessions')
    .addArgument(new Argument('<role>', 'what it may do').choices(roleNames))
    .addHelpText('after', rolesHelp + examples('account set-role maria administrator'))
    .action(act(host, setRole))
  account
    .command('disable <name>')
    .description('let it no longer log in; its sessions end')
    .action(act(host, (run, args) => change(run, args, 'disable')))
  account
    .command('enable <name>')
    .description('let it log in again')
    .action(act(host, (run, args) => change(run, args, 'enable')))
  withConsent(account.command('remove <name>').description('remove an account with its sessions'))
    .addHelpText('after', examples('account remove maria'))
    .action(act<Consent>(host, remove))
}

async function add(run: Run, args: readonly string[], { role }: { readonly role: string }): Promise<void> {
  const name = arg(args, 0)
  const password = await readPassword(run, `Password of ${name}`, { operation: 'accounts.add', on: name })
  const account = await run.admin((admin) => admin.accounts.add({ name, role, password }))
  run.print(account, () => `Added ${account.name} (${account.role}).\n`)
}

async function list(run: Run): Promise<void> {
  const accounts = await run.admin((admin) => admin.accounts.list())
  run.print(accounts, () =>
    accounts.length === 0
      ? 'No accounts: whoever owns the data administers. postkey account add <name> --role <role>\n'
      : run.table(
          [
            { title: 'NAME', value: ({ name }) => name },
            { title: 'ROLE', value: ({ role }) => role },
            { title: 'STATE', value: ({ disabled }) => (disabled ? 'disabled' : '') },
            { title: 'CHANGED', value: ({ changedAtMs }) => relative(changedAtMs, run.deps.clock.nowMs()) },
          ],
          accounts,
        ),
  )
}

async function show(run: Run, args: readonly string[]): Promise<void> {
  const account = await run.admin((admin) => admin.accounts.show(arg(args, 0)))
  run.print(account, () => describe(run, account))
}

function describe(run: Run, account: AccountView): string {
  const at = (atMs: number) => moment(atMs, run.deps.clock.nowMs(), run.zone)
  const text = fields(
    [
      ['role', `${account.role}: ${roleWords[account.role]}`],
      ['state', account.disabled ? 'disabled' : 'may log in'],
      ['added', at(account.createdAtMs)],
      ['changed', at(account.changedAtMs)],
    ],
    run.terminal.width,
  )
  return `${run.terminal.bold(account.name)}\n${text}`
}

async function setPassword(run: Run, args: readonly string[]): Promise<void> {
  const name = arg(args, 0)
  const use = { operation: 'accounts.setPassword', on: name }
  const password = await readPassword(run, `Password of ${name}`, use)
  const account = await run.admin((admin) => admin.accounts.setPassword(name, password))
  run.print(account, () => `The password of ${account.name} is another one; its sessions have ended.\n`)
}

async function setRole(run: Run, args: readonly string[]): Promise<void> {
  const account = await run.admin((admin) => admin.accounts.setRole(arg(args, 0), arg(args, 1)))
  run.print(account, () => `${account.name} is ${account.role} now.\n`)
}

async function change(run: Run, args: readonly string[], how: 'disable' | 'enable'): Promise<void> {
  const account = await run.admin((admin) => admin.accounts[how](arg(args, 0)))
  run.print(account, () =>
    account.disabled ? `${account.name} may no longer log in.\n` : `${account.name} may log in again.\n`,
  )
}

async function remove(run: Run, args: readonly string[], consent: Consent): Promise<void> {
  const name = arg(args, 0)
  await run.admin(async (admin) => {
    const account = await admin.accounts.show(name)
    const says = `Removes the account ${name} (${account.role}); its sessions end.`
    if (!(await mayLose(run, admin, consent, { name, says, value: account, operation: 'accounts.remove' })))
      return
    const removed = await admin.accounts.remove(name)
    run.print(removed, () => `Removed ${removed.name}.\n`)
  })
}
