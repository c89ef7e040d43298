import type { Command } from 'commander'
import type { AccessRuleView } from '#admin/views.ts'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import type { Run } from '../run.ts'
import { visible } from '../text.ts'
import { relative } from '../time.ts'

const whatHelp = `
<what> is a PIN of eight hex digits, or words of a model: "Acme" denies every handheld whose model holds the word
Acme, "Acme 90" those with both words in this order; upper and lower case are alike. What is active stays active.
`

export function accessCommands(program: Command, host: Host): void {
  const access = program.command('access').description('handhelds that may not activate')
  access
    .command('deny <what>')
    .description('let a PIN, or every handheld of a model, no longer activate')
    .addHelpText('after', whatHelp + examples('access deny 2100AB3F', 'access deny "Acme 90"'))
    .action(act(host, deny))
  access
    .command('allow <what>')
    .description('take a PIN or a model off the list')
    .addHelpText('after', examples('access allow 2100AB3F'))
    .action(act(host, allow))
  access.command('list').description('show the list').action(act(host, list))
}

async function deny(run: Run, args: readonly string[]): Promise<void> {
  const rule = await run.admin((admin) => admin.access.deny(arg(args, 0)))
  run.print(rule, () => `${named(rule)} may no longer activate.\n`)
}

async function allow(run: Run, args: readonly string[]): Promise<void> {
  const rule = await run.admin((admin) => admin.access.allow(arg(args, 0)))
  run.print(rule, () => `${named(rule)} may activate again.\n`)
}

const named = ({ kind, value }: AccessRuleView): string =>
  kind === 'pin' ? `Handheld ${value}` : `Model "${visible(value)}"`

async function list(run: Run): Promise<void> {
  const rules = await run.admin((admin) => admin.access.list())
  run.print(rules, () =>
    rules.length === 0
      ? 'Every handheld may activate.\n'
      : run.table(
          [
            { title: 'DENIED', value: ({ kind }) => kind },
            { title: 'VALUE', value: ({ value }) => value, flexible: true },
            { title: 'SINCE', value: ({ createdAtMs }) => relative(createdAtMs, run.deps.clock.nowMs()) },
          ],
          rules,
        ),
  )
}
