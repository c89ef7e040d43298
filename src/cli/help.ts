/** `postkey help [command…]` and the topics that are no command. */
import type { Command } from 'commander'
import { act } from './act.ts'
import type { Host } from './deps.ts'
import { exitCodes } from './exit-codes.ts'
import { type Run, usage } from './run.ts'

export function helpCommand(program: Command, host: Host): void {
  program.helpCommand(false)
  program
    .command('help [topic...]')
    .description('help for a command, or the table of exit codes: help exit-codes')
    .action(act(host, (run, topic) => help(program, run, topic)))
}

async function help(program: Command, run: Run, topic: readonly string[]): Promise<void> {
  if (topic[0] === 'exit-codes') return showExitCodes(run)
  let command = program
  for (const name of topic) {
    const below = command.commands.find((one) => one.name() === name)
    if (!below) throw usage(`there is no help on ${topic.join(' ')}`)
    command = below
  }
  command.outputHelp()
}

function showExitCodes(run: Run): void {
  const rows = Object.entries(exitCodes).map(([name, [code, says]]) => ({ code, name, says }))
  run.print(rows, () =>
    run.table(
      [
        { title: 'CODE', value: ({ code }) => String(code) },
        { title: 'NAME', value: ({ name }) => name },
        { title: 'WHEN', value: ({ says }) => says, flexible: true },
      ],
      rows,
    ),
  )
}
