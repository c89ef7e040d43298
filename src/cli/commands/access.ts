import { Argument, type Command } from 'commander'
import type { AccessCheckView, AccessListView, AccessRuleView } from '#admin/access/list-views.ts'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import type { Run } from '../run.ts'
import { visible } from '../text.ts'
import { relative } from '../time.ts'

const whatHelp = `
<what> is a PIN of eight hex digits, a range of them (2100A000-2100AFFF), one word for a maker, or several words for a
maker and the first words of its model: "Acme 90" is every Acme 90, and no Acme 900. The most specific rule decides:
PIN, then range (the narrower one), model, maker, and last the default. What is active stays active.
`

export function accessCommands(program: Command, host: Host): void {
  const access = program.command('access').description('which handhelds may activate')
  access
    .command('deny <what...>')
    .description('keep out a PIN, a range of PINs, a maker or a model')
    .addHelpText(
      'after',
      whatHelp + examples('access deny 2100AB3F', 'access deny 2100A000-2100AFFF', 'access deny "Acme 90"'),
    )
    .action(act(host, deny))
  access
    .command('allow <what...>')
    .description('let in a PIN, a range of PINs, a maker or a model')
    .addHelpText('after', whatHelp + examples('access allow 2100AB3F', 'access allow Acme'))
    .action(act(host, allow))
  access
    .command('remove <what...>')
    .description('take a rule out of the list')
    .addHelpText('after', examples('access remove 2100AB3F'))
    .action(act(host, remove))
  access
    .command('default')
    .addArgument(new Argument('<verdict>', 'for handhelds that no rule is about').choices(['allow', 'deny']))
    .description('what holds where no rule fits')
    .action(act(host, setDefault))
  access.command('list').description('show the list').action(act(host, list))
  access
    .command('check <pin> [device...]')
    .description('which rule decides about a handheld, by its PIN, maker and model')
    .addHelpText('after', examples('access check 2100AB3F', 'access check 2100AB3F Acme 90 Blue'))
    .action(act(host, check))
}

const words = (args: readonly string[], from = 0): string => args.slice(from).join(' ')

async function deny(run: Run, args: readonly string[]): Promise<void> {
  const rule = await run.admin((admin) => admin.access.deny(words(args)))
  run.print(rule, () => `${named(rule)} may no longer activate.\n`)
}

async function allow(run: Run, args: readonly string[]): Promise<void> {
  const rule = await run.admin((admin) => admin.access.allow(words(args)))
  run.print(rule, () => `${named(rule)} may activate.\n`)
}

async function remove(run: Run, args: readonly string[]): Promise<void> {
  const rule = await run.admin((admin) => admin.access.remove(words(args)))
  run.print(rule, () => `The rule for ${named(rule, true)} is removed.\n`)
}

async function setDefault(run: Run, args: readonly string[]): Promise<void> {
  const typed = arg(args, 0) === 'deny' ? 'deny' : 'allow'
  const fallback = await run.admin((admin) => admin.access.setDefault(typed))
  run.print({ fallback }, () => `Handhelds that no rule is about ${may(fallback)}.\n`)
}

const may = (verdict: AccessListView['fallback']): string =>
  verdict === 'allow' ? 'may activate' : 'may not activate'

const nouns: Readonly<Record<AccessRuleView['kind'], string>> = {
  pin: 'Handheld',
  range: 'Handhelds',
  model: 'Model',
  maker: 'Maker',
}

/** What it is about, as it is written everywhere; `inside` a sentence the noun alone is in small letters. */
function named({ kind, value }: AccessRuleView, inside = false): string {
  const noun = inside ? nouns[kind].toLowerCase() : nouns[kind]
  return kind === 'model' || kind === 'maker' ? `${noun} "${visible(value)}"` : `${noun} ${value}`
}

async function list(run: Run): Promise<void> {
  const found = await run.admin((admin) => admin.access.list())
  run.print(found, () => {
    const last = `Handhelds that no rule is about ${may(found.fallback)}.\n`
    return found.rules.length === 0 ? last : `${ruleTable(run, found.rules)}\n${last}`
  })
}

const ruleTable = (run: Run, rules: readonly AccessRuleView[]): string =>
  run.table(
    [
      { title: 'RULE', value: ({ verdict }) => verdict },
      { title: 'FOR', value: ({ kind }) => kind },
      { title: 'VALUE', value: ({ value }) => value, flexible: true },
      { title: 'SINCE', value: ({ createdAtMs }) => relative(createdAtMs, run.deps.clock.nowMs()) },
    ],
    rules,
  )

async function check(run: Run, args: readonly string[]): Promise<void> {
  const found = await run.admin((admin) => admin.access.check(arg(args, 0), words(args, 1)))
  run.print(found, () => `${checkWords(found)}\n`)
}

function checkWords({ pin, device, verdict, rule, when, dependsOnDevice }: AccessCheckView): string {
  const who = device === null ? `Handheld ${pin}` : `Handheld ${pin} (${visible(device)})`
  const how = when === 'before_proof' ? 'before its proof is looked at' : 'once it has proved the password'
  const open = dependsOnDevice
    ? '\nRules about its maker and model may decide otherwise: name them, too.'
    : ''
  return `${who} ${may(verdict)}: ${visible(rule)} decides, ${how}.${open}`
}
