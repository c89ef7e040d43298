import type { Command } from 'commander'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import { readOnePassword } from '../prompts.ts'
import type { Run } from '../run.ts'
import { moment } from '../time.ts'

export function loginCommands(program: Command, host: Host): void {
  program
    .command('login <account>')
    .description('log in with an account’s password; prints a token for this session')
    .addHelpText(
      'after',
      `\nCommands have the account's role while the token is in POSTKEY_TOKEN; nothing is kept on disk.\n${examples(
        'login maria',
      )}\n  $ export POSTKEY_TOKEN=$(postkey login maria)`,
    )
    .action(act(host, login))
  program
    .command('logout')
    .description('end the session, or revoke the token, that is in POSTKEY_TOKEN or --token-file')
    .addHelpText('after', `${examples('logout')}\n  $ postkey logout && unset POSTKEY_TOKEN`)
    .action(act(host, logout))
  program
    .command('whoami')
    .description('as whom commands are done now, and with which role')
    .action(act(host, whoami))
}

async function login(run: Run, args: readonly string[]): Promise<void> {
  const account = arg(args, 0)
  const password = await readOnePassword(run, `Password of ${account}`)
  const issued = await run.anew((admin) => admin.login(account, password))
  run.print(issued, () => `${issued.token}\n`)
  const until = moment(issued.expiresAtMs, run.deps.clock.nowMs(), run.zone)
  run.note(`${issued.name} is ${issued.role} until ${until}: export POSTKEY_TOKEN=<the token>`)
}

async function logout(run: Run): Promise<void> {
  await run.admin((admin) => admin.logout())
  run.print({ ended: true }, () => 'Logged out: the token no longer works.\n')
}

async function whoami(run: Run): Promise<void> {
  const caller = await run.admin(async (admin) => ({ ...(await admin.whoami()), via: admin.via }))
  run.print(caller, () => `${caller.who} (${caller.role}), by the ${caller.via}\n`)
}
