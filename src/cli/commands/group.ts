import type { Command } from 'commander'
import type { GroupView, MembersChanged } from '#admin/people/people.ts'
import { act, arg, examples } from '../act.ts'
import { type Consent, mayLose, withConsent } from '../consent.ts'
import type { Host } from '../deps.ts'
import type { Run } from '../run.ts'
import { count, fields, visible } from '../text.ts'
import { moment } from '../time.ts'
import { userTable } from './user-list.ts'

const shownAtOnce = 100

export function groupCommands(program: Command, host: Host): void {
  const group = program.command('group').description('groups of users: what policies hang on')
  group
    .command('add <name>')
    .description('make a group')
    .option('--description <text>', 'what it is for')
    .addHelpText('after', examples('group add Sales --description "Everybody in sales"'))
    .action(act<{ readonly description?: string }>(host, add))
  group
    .command('list')
    .description('list groups with how many users are in each')
    .addHelpText('after', examples('group list'))
    .action(act(host, list))
  group
    .command('show <name>')
    .description(`one group with its users, the first ${shownAtOnce} of them`)
    .addHelpText('after', examples('group show Sales'))
    .action(act(host, show))
  group
    .command('rename <name> <new>')
    .description('give a group another name; its users and what hangs on it stay')
    .addHelpText('after', examples('group rename Sales Field'))
    .action(act(host, rename))
  group
    .command('describe <name> <text>')
    .description('say what a group is for')
    .addHelpText('after', examples('group describe Sales "Everybody in sales"'))
    .action(act(host, describe))
  withConsent(group.command('remove <name>').description('remove a group; its users stay'))
    .addHelpText('after', examples('group remove Sales --dry-run', 'group remove Sales'))
    .action(act<Consent>(host, remove))
  group
    .command('add-user <to> <user...>')
    .description('put users into a group: all that are named or, where one is unknown, nobody')
    .addHelpText('after', examples('group add-user Sales alice@example.test bob@example.test'))
    .action(act(host, addUsers))
  group
    .command('remove-user <of> <user...>')
    .description('take users out of a group')
    .option('--dry-run', 'only show what would happen')
    .addHelpText('after', examples('group remove-user Sales bob@example.test'))
    .action(act<Pick<Consent, 'dryRun'>>(host, removeUsers))
}

async function add(
  run: Run,
  args: readonly string[],
  options: { readonly description?: string },
): Promise<void> {
  const group = await run.admin((admin) => admin.groups.add(arg(args, 0), options.description))
  run.print(group, () => `Added group ${visible(group.name)}.\n`)
}

async function list(run: Run): Promise<void> {
  const groups = await run.admin((admin) => admin.groups.list())
  run.print(groups, () =>
    groups.length === 0
      ? 'No groups yet: postkey group add <name>\n'
      : run.table(
          [
            { title: 'GROUP', value: ({ name }) => name },
            { title: 'USERS', value: ({ members }) => String(members) },
            { title: 'DESCRIPTION', value: ({ description }) => description, flexible: true },
          ],
          groups,
        ),
  )
}

async function show(run: Run, args: readonly string[]): Promise<void> {
  await run.admin(async (admin) => {
    const group = await admin.groups.show(arg(args, 0))
    const users = await admin.users.list({ group: group.name, limit: shownAtOnce })
    run.print({ ...group, users }, () => {
      const table = users.length === 0 ? '' : `\n${userTable(run, users)}`
      return `${run.terminal.bold(visible(group.name))}\n${describeGroup(run, group)}${table}`
    })
    if (group.members > users.length)
      run.note(`${users.length} of ${group.members} users; all: postkey user list --group "${group.name}"`)
  })
}

const describeGroup = (run: Run, { description, members, createdAtMs }: GroupView): string =>
  fields(
    [
      ['for', description],
      ['users', String(members)],
      ['added', moment(createdAtMs, run.deps.clock.nowMs(), run.zone)],
    ],
    run.terminal.width,
  )

async function rename(run: Run, args: readonly string[]): Promise<void> {
  const group = await run.admin((admin) => admin.groups.change(arg(args, 0), { name: arg(args, 1) }))
  run.print(group, () => `The group is called ${visible(group.name)} now.\n`)
}

async function describe(run: Run, args: readonly string[]): Promise<void> {
  const group = await run.admin((admin) => admin.groups.change(arg(args, 0), { description: arg(args, 1) }))
  run.print(group, () => `${visible(group.name)}: ${visible(group.description)}\n`)
}

async function remove(run: Run, args: readonly string[], options: Consent): Promise<void> {
  await run.admin(async (admin) => {
    const group = await admin.groups.show(arg(args, 0))
    const name = visible(group.name)
    const says = `Removes group ${name}: ${count(group.members, 'user')} would no longer be in it; they stay.`
    // An empty group is soon made again.
    const consent = group.members === 0 && !options.dryRun ? { ...options, yes: true } : options
    if (
      !(await mayLose(run, admin, consent, {
        name: group.name,
        says,
        value: group,
        operation: 'groups.remove',
      }))
    )
      return
    const removed = await admin.groups.remove(group.name)
    run.print(removed, () => `Removed group ${name}.\n`)
  })
}

async function addUsers(run: Run, [name = '', ...addresses]: readonly string[]): Promise<void> {
  const changed = await run.admin((admin) => admin.groups.addUsers(name, addresses))
  run.print(changed, () => memberWords(changed, 'came into', addresses.length))
}

async function removeUsers(
  run: Run,
  [name = '', ...addresses]: readonly string[],
  { dryRun }: Pick<Consent, 'dryRun'>,
): Promise<void> {
  await run.admin(async (admin) => {
    if (!dryRun) {
      const changed = await admin.groups.removeUsers(name, addresses)
      return run.print(changed, () => memberWords(changed, 'left', addresses.length))
    }
    const group = await admin.groups.show(name)
    const users = await Promise.all(addresses.map((address) => admin.users.show(address)))
    const inside = users.filter(({ groups }) => groups.includes(group.name)).map(({ address }) => address)
    run.print({ group, changed: inside }, () =>
      inside.length === 0
        ? 'Nobody of them is in the group.\n'
        : `${inside.join(', ')} would leave group ${visible(group.name)}.\n`,
    )
  })
}

function memberWords({ group, changed }: MembersChanged, did: string, named: number): string {
  const rest = named - changed.length
  const already = rest > 0 ? `; for ${rest} of ${named} that was so already` : ''
  return `${changed.length === 0 ? 'Nobody' : changed.join(', ')} ${did} group ${visible(group.name)}${already}.\n`
}
