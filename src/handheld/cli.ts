/** `postkey handheld activate`, `screen` and `fleet`: the handheld in a terminal, beside the server's view of handhelds. */
import type { CommandLike, HandheldIo } from './cli-io.ts'

const relayOptions: readonly (readonly [string, string])[] = [
  ['--relay <url>', 'the relay, as wss://host:port'],
  ['--relay-id <name>', 'its DNS name, as in its certificate'],
  ['--ca <file>', "PEM of the CA behind the relay's certificate"],
  ['--trust <file>', 'file that names all three (default: handheld.json in the data directory)'],
  ['--suite <name>', 'encryption to offer: aes, 3des or both (default: aes)'],
]

/**
 * Adds the commands; `open` makes the surroundings of a run out of the command that was typed. What they do is read when
 * one of them runs: every other command of the program is quicker without it.
 */
export function registerHandheldCommands<C extends CommandLike<C>>(
  handheld: C,
  open: (command: C) => Promise<HandheldIo>,
): void {
  const activate = withRelay(
    handheld
      .command('activate')
      .description('activate a handheld in this terminal, or go on with an activation that was interrupted'),
  )
    .option('--email <address>', 'the mail address to type; without it, go on with what is under way')
    .option(
      '--password-file <file>',
      'file whose first line is the activation password; else it is asked for',
    )
    .option('--dir <directory>', 'where the handheld keeps itself (default: handheld in the data directory)')
    .option('--anew', 'begin anew even if an activation of this address is under way')
    .option('--yes', 'consent to what the handheld would ask first')
    .addHelpText('after', exitCodes)
  activate.action(async () => {
    const { activateCommand } = await import('./cli-activate.ts')
    await activateCommand(await open(activate), activate.opts())
  })
  const screen = handheld
    .command('screen')
    .description("what this terminal's handheld shows: stage, address, policy, service books")
    .option('--dir <directory>', 'where the handheld keeps itself (default: handheld in the data directory)')
  screen.action(async () => {
    const { screenCommand } = await import('./cli-screen.ts')
    await screenCommand(await open(screen), screen.opts())
  })
  const fleet = withRelay(handheld.command('fleet').description('activate many handhelds at once'))
    .requiredOption('--users <file>', 'CSV with the columns address (or email) and password')
    .option('--parallel <n>', 'handhelds activating at once', '10')
    .option('--timeout <seconds>', 'give a handheld up after so long', '300')
    .option('--dir <directory>', 'keep each handheld in a directory there; else in memory')
  fleet.action(async () => {
    const { fleetCommand } = await import('./cli-fleet.ts')
    await fleetCommand(await open(fleet), fleet.opts())
  })
}

function withRelay<C extends CommandLike<C>>(command: C): C {
  return relayOptions.reduce((so, [flags, description]) => so.option(flags, description), command)
}

const exitCodes = `
Exit codes:
  0    Activation Complete
  1    it ended with another code, which is shown (and in the JSON answer)
  69   the relay or the server cannot be reached (E01, E21, E22)
  130  cancelled; an activation that has begun goes on when the command is repeated

Examples:
  postkey handheld activate --email alice@example.test
  postkey handheld activate --email alice@example.test --password-file pw.txt -o json
`
