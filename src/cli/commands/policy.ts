import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { PolicyAssignee, PolicyEdit } from '#admin/policy/cases.ts'
import type { PolicyChanged, PolicyDetail, PolicyView } from '#admin/policy/views.ts'
import { readPolicyFile } from '#config/policy-file.ts'
import { Fault } from '#kernel/fault.ts'
import { fileFault } from '#kernel/file-fault.ts'
import { act, arg, examples } from '../act.ts'
import { type Consent, mayLose, withConsent } from '../consent.ts'
import type { Host } from '../deps.ts'
import { changeTable, describePolicy } from '../policy-tables.ts'
import { type Run, usage } from '../run.ts'
import { count } from '../text.ts'
import { policyLookCommands } from './policy-look.ts'

const fileBytesMax = 1024 * 1024

export function policyCommands(program: Command, host: Host): void {
  const policy = program.command('policy').description('IT policies: what handhelds must and may do')
  policyLookCommands(policy, host)
  policy
    .command('create <name>')
    .description('make a policy; it says nothing until rules are set')
    .option('--from <policy>', 'begin with the rules of another one')
    .addHelpText('after', examples('policy create sales', 'policy create sales-abroad --from sales'))
    .action(act<{ from?: string }>(host, create))
  editCommands(policy, host)
  assignCommands(policy, host)
  policy
    .command('rename <name> <to>')
    .description('give a policy another name')
    .addHelpText('after', examples('policy rename sales field-sales'))
    .action(
      act(host, (run, args) => shown(run, (admin) => admin.policies.rename(arg(args, 0), arg(args, 1)))),
    )
  withConsent(
    policy.command('remove <name>').description('remove a policy; handhelds it reached get what is left'),
  )
    .addHelpText('after', examples('policy remove sales'))
    .action(act<Consent>(host, remove))
}

function editCommands(policy: Command, host: Host): void {
  const edited = (command: Command) =>
    command
      .option('--note <text>', 'why; kept with the revision')
      .option('--dry-run', 'say what would change, and change nothing')
  edited(policy.command('set <name> <rule=value...>'))
    .description('set rules; every handheld concerned gets the policy anew')
    .addHelpText(
      'after',
      `\nA list is written with commas. \`postkey policy rules\` shows every rule.\n${examples(
        'policy set default password_min_length=8',
        'policy set sales allow_browser=false sync_databases_allowed=calendar,address_book --dry-run',
      )}`,
    )
    .action(act<PolicyEdit>(host, set))
  edited(policy.command('unset <name> <rule...>'))
    .description('take rules out of a policy: weaker policies decide again')
    .addHelpText('after', examples('policy unset sales allow_browser'))
    .action(act<PolicyEdit>(host, unset))
  edited(policy.command('import <name> <file>'))
    .description('replace all rules of a policy by those of a file; the policy is made where there is none')
    .addHelpText(
      'after',
      examples('policy import sales sales.toml --dry-run', 'policy import sales sales.toml'),
    )
    .action(act<PolicyEdit>(host, importFile))
  edited(policy.command('restore <name> <revision>'))
    .description('make a policy what it was in an earlier revision')
    .addHelpText('after', examples('policy history sales', 'policy restore sales 3'))
    .action(act<PolicyEdit>(host, restore))
}

function assignCommands(policy: Command, host: Host): void {
  const assignee = (command: Command) =>
    command.option('--group <name>', 'a group').option('--user <address>', 'a user')
  assignee(policy.command('assign <name>'))
    .description('give a policy to a group or a user')
    .addHelpText(
      'after',
      examples('policy assign sales --group sales', 'policy assign strict --user alice@example.test'),
    )
    .action(
      act<PolicyAssignee>(host, (run, args, to) =>
        shown(run, (admin) => admin.policies.assign(arg(args, 0), to)),
      ),
    )
  assignee(policy.command('unassign <name>'))
    .description('take a policy away from a group or a user')
    .addHelpText('after', examples('policy unassign sales --group sales'))
    .action(
      act<PolicyAssignee>(host, (run, args, from) =>
        shown(run, (admin) => admin.policies.unassign(arg(args, 0), from)),
      ),
    )
  policy
    .command('rank <name> <rank>')
    .description('put a policy on a rank; where two reach a user, rank 1 wins over rank 2')
    .addHelpText('after', examples('policy rank strict 1'))
    .action(
      act(host, (run, args) => shown(run, (admin) => admin.policies.rank(arg(args, 0), whole(arg(args, 1))))),
    )
}

type Session = Parameters<Parameters<Run['admin']>[0]>[0]

async function shown(run: Run, work: (admin: Session) => Promise<PolicyDetail>): Promise<void> {
  const detail = await run.admin(work)
  run.print(detail, () => describePolicy(run, detail))
}

const create = (run: Run, args: readonly string[], { from }: { from?: string }): Promise<void> =>
  shown(run, (admin) => admin.policies.create(arg(args, 0), from))

async function remove(run: Run, args: readonly string[], consent: Consent): Promise<void> {
  await run.admin(async (admin) => {
    const policy = await admin.policies.show(arg(args, 0))
    const { name } = policy
    const says = `Removes the policy ${name}, which reaches ${count(policy.handhelds, 'handheld')}.`
    if (!(await mayLose(run, admin, consent, { name, says, value: policy, operation: 'policies.remove' })))
      return
    const removed = await admin.policies.remove(name)
    run.print(removed, () => `Removed the policy ${removed.name}. ${reached(removed)}\n`)
  })
}

async function changed(run: Run, work: (admin: Session) => Promise<PolicyChanged>): Promise<void> {
  const result = await run.admin(work)
  run.print(result, () => describeChange(run, result))
}

function describeChange(run: Run, { policy, changes, dryRun }: PolicyChanged): string {
  if (changes.length === 0) return `Nothing changes: ${policy.name} says so already.\n`
  const head = dryRun ? 'Would change' : 'Changed'
  const tail = dryRun ? 'Nothing was written.' : reached(policy)
  return `${head} ${policy.name}, ${count(changes.length, 'rule')}:\n\n${changeTable(run, changes)}\n${tail}\n`
}

const reached = ({ handhelds }: PolicyView): string =>
  handhelds === 0
    ? 'It reaches no handheld yet; `postkey policy assign` gives it to a group or a user.'
    : `It reaches ${count(handhelds, 'handheld')}; those whose rules change by it get the new policy now: \`postkey queue list\`.`

const set = (run: Run, args: readonly string[], edit: PolicyEdit): Promise<void> =>
  changed(run, (admin) => {
    const pairs = args.slice(1).map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw usage(`"${pair}" is not of the form rule=value`)
      return [pair.slice(0, at).trim(), pair.slice(at + 1)] as const
    })
    return admin.policies.change(arg(args, 0), Object.fromEntries(pairs), edit)
  })

const unset = (run: Run, args: readonly string[], edit: PolicyEdit): Promise<void> =>
  changed(run, (admin) =>
    admin.policies.change(
      arg(args, 0),
      Object.fromEntries(args.slice(1).map((rule) => [rule.trim(), null])),
      edit,
    ),
  )

const restore = (run: Run, args: readonly string[], edit: PolicyEdit): Promise<void> =>
  changed(run, (admin) => admin.policies.restore(arg(args, 0), whole(arg(args, 1)), edit))

async function importFile(run: Run, args: readonly string[], edit: PolicyEdit): Promise<void> {
  const [name, path] = [arg(args, 0), arg(args, 1)]
  const file = readPolicyFile(readText(path))
  if (!file) throw new Fault('admin.file', `${path} is no policy: TOML with a table [rules]`)
  await changed(run, async (admin) => {
    const names = (await admin.policies.list()).map((one) => one.name)
    if (!names.includes(name) && !edit.dryRun) await admin.policies.create(name)
    return admin.policies.replace(name, file.rules, edit)
  })
}

function readText(path: string): string {
  try {
    const text = readFileSync(path, 'utf8')
    if (text.length <= fileBytesMax) return text
  } catch (error) {
    throw fileFault(path, error)
  }
  throw new Fault('admin.file', `${path} is longer than 1 MiB`)
}

function whole(typed: string): number {
  if (/^\d{1,9}$/.test(typed)) return Number(typed)
  throw usage(`"${typed}" is no whole number`)
}
