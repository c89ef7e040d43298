import type { Command } from 'commander'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import type { Run } from '../run.ts'

export function mailboxCommands(program: Command, host: Host): void {
  const mailbox = program.command('mailbox').description('mailboxes of the embedded mail server')
  mailbox
    .command('password <address>')
    .description('generate the password for mail clients (IMAP) and print it once')
    .addHelpText('after', examples('mailbox password alice@example.test'))
    .action(act(host, password))
}

async function password(run: Run, args: readonly string[]): Promise<void> {
  const issued = await run.admin((admin) => admin.mailboxes.generatePassword(arg(args, 0)))
  run.print(issued, () =>
    run.table(
      [
        { title: 'USER NAME', value: (one) => one.address },
        { title: 'PASSWORD', value: (one) => one.password },
      ],
      [issued],
    ),
  )
  run.note('The password is shown only now; nothing keeps it.')
}
