import type { Command } from 'commander'
import type { Check, Status } from '#admin/views.ts'
import { act } from '../act.ts'
import type { Host } from '../deps.ts'
import type { Run } from '../run.ts'
import type { Terminal } from '../terminal.ts'
import { count, fields, visible, wrap } from '../text.ts'
import { relative } from '../time.ts'

export function statusCommand(program: Command, host: Host): void {
  program
    .command('status')
    .description('how this installation is, what is broken first; exits 1 where something is')
    .action(act(host, show))
}

async function show(run: Run): Promise<void> {
  const status = await run.admin((admin) => admin.status())
  run.print(status, () => describe(run, status))
  if (status.health === 'broken') run.setExit('failed')
}

function describe(run: Run, { checks, counts }: Status): string {
  const summary = [
    count(counts.users, 'user'),
    `${count(counts.passwordsOpen, 'password')} open`,
    `${count(counts.activationsOpen, 'activation')} under way`,
    count(counts.handhelds, 'handheld'),
  ].join(', ')
  return `${checks.map((check) => checkLines(run, check)).join('')}\n${summary}\n`
}

const indent = 11

function checkLines({ terminal, deps }: Run, check: Check): string {
  const since = check.sinceMs === null ? '' : `, ${relative(check.sinceMs, deps.clock.nowMs())}`
  const name = terminal.bold(visible(check.name))
  if (check.health === 'ok') return `${mark(terminal, check.health)}${name}: ${visible(check.says)}\n`
  const says = wrap(visible(check.says), terminal.width - indent).map(
    (line) => `${' '.repeat(indent)}${line}\n`,
  )
  const rest = fields(
    [
      ['next', check.next],
      ['code', check.code],
    ],
    terminal.width,
    indent,
  )
  return `${mark(terminal, check.health)}${name}${since}\n${says.join('')}${rest}`
}

function mark(terminal: Terminal, health: Check['health']): string {
  if (health === 'broken') return terminal.red('BROKEN'.padEnd(indent))
  return health === 'attention'
    ? terminal.yellow('ATTENTION'.padEnd(indent))
    : terminal.green('ok'.padEnd(indent))
}
