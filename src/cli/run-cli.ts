/** The command line: one run of `postkey`, from its arguments to its exit code. */
import { Command, CommanderError, Option } from 'commander'
import { usualFiles } from '#config/load.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { collect } from './act.ts'
import { accessCommands } from './commands/access.ts'
import { accountCommands } from './commands/account.ts'
import { activationCommands } from './commands/activation.ts'
import { auditCommands } from './commands/audit.ts'
import { bookCommands } from './commands/book.ts'
import { completionCommand } from './commands/completion.ts'
import { configCommands } from './commands/config.ts'
import { daemonCommands } from './commands/daemons.ts'
import { dbCommands } from './commands/db.ts'
import { doctorCommand } from './commands/doctor.ts'
import { groupCommands } from './commands/group.ts'
import { handheldCommands } from './commands/handheld.ts'
import { keyCommands } from './commands/keys.ts'
import { loginCommands } from './commands/login.ts'
import { mailboxCommands } from './commands/mailbox.ts'
import { passwordCommands } from './commands/password.ts'
import { policyCommands } from './commands/policy.ts'
import { queueCommands } from './commands/queue.ts'
import { srpCommands } from './commands/srp.ts'
import { statusCommand } from './commands/status.ts'
import { tokenCommands } from './commands/token.ts'
import { userCommands } from './commands/user.ts'
import { addDefaultExamples } from './default-examples.ts'
import type { Host, RunDeps } from './deps.ts'
import { exitCode, exitNameOf } from './exit-codes.ts'
import { helpCommand } from './help.ts'
import { Cancelled, makeRun } from './run.ts'
import { faultObject, sayFault } from './say-fault.ts'
import { makeTerminal } from './terminal.ts'
import { reflow } from './text.ts'

/**
 * Runs the command in `argv` (without the program's own two words) and returns the exit code; never throws.
 * What went wrong is on standard error, in words or, with `-o json`, as an object.
 */
export async function runCli(argv: readonly string[], deps: RunDeps): Promise<number> {
  let code = exitCode('ok')
  const setExitCode = (next: number) => {
    code = next
  }
  const program = makeProgram(deps, { run: (command) => makeRun(deps, command, setExitCode) })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode('ok') : exitCode('usage')
    if (error instanceof Cancelled) return exitCode('cancelled')
    const json = program.opts<{ format?: string }>().format === 'json'
    const text = json
      ? `${JSON.stringify(faultObject(error), null, 2)}\n`
      : sayFault(error, makeTerminal(deps).width)
    deps.stderr.write(text)
    return exitCode(exitNameOf(faultCodeOf(error)))
  }
}

export function makeProgram(deps: RunDeps, host: Host): Command {
  const terminal = makeTerminal(deps)
  const program = new Command('postkey')
    .description('Postkey activates handhelds over mail.')
    .version(deps.version, '-V, --version', 'print the version')
    .option(
      '--config <file>',
      `configuration file; else the file that POSTKEY_CONFIG names, else ${usualFiles.join(', else ')}`,
    )
    .option('--set <key=value>', 'set one key of the configuration; may be repeated', collect)
    .option('--token-file <file>', 'file with an access token; else POSTKEY_TOKEN, else you are the owner')
    .addOption(
      new Option('-o, --format <format>', 'form of the answer').choices(['table', 'json']).default('table'),
    )
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void deps.stdout.write(reflow(text, terminal.width)),
      writeErr: (text) => void deps.stderr.write(text),
      getOutHelpWidth: () => terminal.width,
      getErrHelpWidth: () => terminal.width,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (text, write) => write(text.replace(/^error: /, 'postkey: ')),
    })
    .showHelpAfterError('  next  See `postkey help` or add --help to the command.')
  addCommands(program, host, deps)
  return program
}

function addCommands(program: Command, host: Host, deps: RunDeps): void {
  program.commandsGroup('Administration:')
  userCommands(program, host)
  groupCommands(program, host)
  passwordCommands(program, host)
  activationCommands(program, host)
  const handheld = handheldCommands(program, host)
  deps.extendHandheld?.(handheld, host)
  policyCommands(program, host)
  bookCommands(program, host)
  queueCommands(program, host)
  keyCommands(program, host)
  accessCommands(program, host)
  mailboxCommands(program, host)
  srpCommands(program, host)
  program.commandsGroup('Who administers:')
  accountCommands(program, host)
  tokenCommands(program, host)
  loginCommands(program, host)
  auditCommands(program, host)
  program.commandsGroup('The installation:')
  statusCommand(program, host)
  doctorCommand(program, host)
  configCommands(program, host)
  dbCommands(program, host)
  program.commandsGroup('Running:')
  daemonCommands(program, host)
  program.commandsGroup('Help:')
  helpCommand(program, host)
  completionCommand(program, host)
  addDefaultExamples(program)
}
