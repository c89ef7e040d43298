/** `policy …`: what only looks. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { EffectivePolicy } from '#admin/policy/views.ts'
import { writePolicyFile } from '#config/policy-file.ts'
import { Fault } from '#kernel/fault.ts'
import { fileFault } from '#kernel/file-fault.ts'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import {
  changeTable,
  describePolicy,
  effectiveColumns,
  owedWords,
  policyColumns,
  ruleColumns,
} from '../policy-tables.ts'
import type { Run } from '../run.ts'
import { relative } from '../time.ts'

export function policyLookCommands(policy: Command, host: Host): void {
  policy
    .command('list')
    .description('list the policies, the strongest first')
    .addHelpText('after', examples('policy list'))
    .action(act(host, list))
  policy
    .command('rules')
    .description('every rule there is: what it takes, its default, what it means')
    .addHelpText('after', examples('policy rules'))
    .action(act(host, rules))
  policy
    .command('show <name>')
    .description('one policy: its rules, and who gets it')
    .addHelpText('after', examples('policy show default'))
    .action(act(host, show))
  policy
    .command('preview <user|pin> [rule]')
    .description('what counts for a user, rule by rule, which policy says so, and why')
    .addHelpText(
      'after',
      examples('policy preview alice@example.test', 'policy preview 2100AB3F allow_browser'),
    )
    .action(act(host, preview))
  policy
    .command('diff <name> <other>')
    .description('the rules in which two policies differ')
    .addHelpText('after', examples('policy diff default sales'))
    .action(act(host, diff))
  policy
    .command('history <name>')
    .description('every revision of a policy, and what each changed')
    .addHelpText('after', examples('policy history sales'))
    .action(act(host, history))
  policy
    .command('export <name> [file]')
    .description('write a policy as TOML, to a new file or to standard output')
    .addHelpText('after', examples('policy export sales', 'policy export sales sales.toml'))
    .action(act(host, exportFile))
}

async function list(run: Run): Promise<void> {
  const policies = await run.admin((admin) => admin.policies.list())
  run.print(policies, () => run.table(policyColumns(run), policies))
}

async function rules(run: Run): Promise<void> {
  const all = await run.admin((admin) => admin.policies.rules())
  run.print(all, () => run.table(ruleColumns, all))
}

async function show(run: Run, args: readonly string[]): Promise<void> {
  const detail = await run.admin((admin) => admin.policies.show(arg(args, 0)))
  run.print(detail, () => describePolicy(run, detail))
}

async function preview(run: Run, args: readonly string[]): Promise<void> {
  const effective = await run.admin((admin) => admin.policies.preview(arg(args, 0)))
  const only = args[1]
  const rules = only === undefined ? effective.rules : effective.rules.filter(({ rule }) => rule === only)
  if (rules.length === 0) throw new Fault('policy.rule_unknown', only)
  run.print({ ...effective, rules }, () => describeEffective(run, { ...effective, rules }))
}

function describeEffective(run: Run, { user, rules, handhelds }: EffectivePolicy): string {
  const standing = handhelds.map(
    ({ pin, applied, leftOut, waiting }) =>
      `Handheld ${pin}: ${applied === 0 ? 'has applied none yet' : `applied number ${applied}`}` +
      `${leftOut.length > 0 ? `, without ${leftOut.join(', ')}` : ''}` +
      (waiting ? `; ${owedWords(waiting)}` : '; it has what it should have.'),
  )
  const foot = standing.length > 0 ? standing.join('\n') : 'No handheld works for this user.'
  return `${run.terminal.bold(user)}\n\n${run.table(effectiveColumns, rules)}\n${foot}\n`
}

async function diff(run: Run, args: readonly string[]): Promise<void> {
  const changes = await run.admin((admin) => admin.policies.diff(arg(args, 0), arg(args, 1)))
  run.print(changes, () =>
    changes.length === 0 ? 'They say the same.\n' : changeTable(run, changes, [arg(args, 0), arg(args, 1)]),
  )
}

async function history(run: Run, args: readonly string[]): Promise<void> {
  const revisions = await run.admin((admin) => admin.policies.history(arg(args, 0)))
  run.print(revisions, () =>
    revisions
      .map(({ revision, atMs, note, changes }) => {
        const when = atMs === 0 ? 'with the installation' : relative(atMs, run.deps.clock.nowMs())
        const head = run.terminal.bold(`Revision ${revision}`)
        const body = changes.length === 0 ? '  no rule changed\n' : changeTable(run, changes)
        return `${head}, ${when}${note === '' ? '' : `: ${note}`}\n${body}`
      })
      .join('\n'),
  )
}

async function exportFile(run: Run, args: readonly string[]): Promise<void> {
  const { name, rules } = await run.admin((admin) => admin.policies.show(arg(args, 0)))
  const text = writePolicyFile(name, rules)
  const path = args[1]
  if (path === undefined) return run.print({ name, rules }, () => text)
  try {
    writeFileSync(resolve(run.deps.cwd, path), text, { flag: 'wx' })
  } catch (error) {
    throw fileFault(path, error)
  }
  run.print({ name, path }, () => `Wrote ${name} to ${path}.\n`)
}
