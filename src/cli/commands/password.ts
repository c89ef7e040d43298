import type { Command } from 'commander'
import type { PasswordTerms } from '#admin/admin.ts'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import { readPassword } from '../prompts.ts'
import type { Run } from '../run.ts'
import { showPasswords } from './issued.ts'
import { wholeHours } from './user.ts'

export function passwordCommands(program: Command, host: Host): void {
  const password = program.command('password').description('activation passwords')
  const withTerms = (command: Command): Command =>
    command
      .option('--hours <n>', 'life in hours, 1 to 720', wholeHours)
      .option('--pin <pin>', 'only this handheld may use it')
  withTerms(password.command('generate <address>').description('generate a password and print it once'))
    .addHelpText(
      'after',
      examples(
        'password generate alice@example.test',
        'password generate alice@example.test --hours 4 -o json',
      ),
    )
    .action(act<PasswordTerms>(host, generate))
  withTerms(
    password.command('set <address>').description('set a password of your own, at least eight symbols'),
  )
    .addHelpText(
      'after',
      `\nOn a terminal it is asked for twice; otherwise it is the first line of standard input.\n${examples(
        'password set alice@example.test',
        'password set alice@example.test < password.txt',
      )}`,
    )
    .action(act<PasswordTerms>(host, set))
  password
    .command('revoke <address>')
    .description('make the password unusable at once')
    .action(act(host, revoke))
}

const termsOf = ({ hours, pin }: PasswordTerms): PasswordTerms => ({
  ...(hours === undefined ? {} : { hours }),
  ...(pin === undefined ? {} : { pin }),
})

async function generate(run: Run, args: readonly string[], options: PasswordTerms): Promise<void> {
  showPasswords(run, [await run.admin((admin) => admin.passwords.generate(arg(args, 0), termsOf(options)))])
}

async function set(run: Run, args: readonly string[], options: PasswordTerms): Promise<void> {
  const address = arg(args, 0)
  const typed = await readPassword(run, `Activation password for ${address}`)
  showPasswords(run, [await run.admin((admin) => admin.passwords.set(address, typed, termsOf(options)))])
}

async function revoke(run: Run, args: readonly string[]): Promise<void> {
  const user = await run.admin((admin) => admin.passwords.revoke(arg(args, 0)))
  run.print(user, () => `The activation password of ${user.address} no longer works.\n`)
}
