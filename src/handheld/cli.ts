/** `postkey handheld activate`, `run`, `screen`, its lock and `fleet`: the handheld in a terminal, beside the server's view. */
import type { CommandLike, HandheldIo } from './cli-io.ts'

const relayOptions: readonly (readonly [string, string])[] = [
  ['--relay <url>', 'the relay, as wss://host:port'],
  ['--relay-id <name>', 'its DNS name, as in its certificate'],
  ['--ca <file>', "PEM of the CA behind the relay's certificate"],
  ['--trust <file>', 'file that names all three (default: handheld.json in the data directory)'],
  ['--suite <name>', 'encryption to offer: aes, 3des or both (default: aes)'],
  ['--post-quantum <how>', 'ML-KEM-768: off, optional or required (default: optional)'],
]

const directory = [
  '--dir <directory>',
  'where the handheld keeps itself (default: handheld in the data directory)',
] as const

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
    .option(
      '--code [code]',
      'what its QR code says, instead of address and password; without a value it is asked for',
    )
    .option('--code-file <file>', 'file whose first line is that code')
    .option(...directory)
    .option('--anew', 'begin anew even if an activation of this address is under way')
    .option('--yes', 'consent to what the handheld would ask first')
    .addHelpText('after', exitCodes)
  activate.action(async () => {
    const { activateCommand } = await import('./cli-activate.ts')
    await activateCommand(await open(activate), activate.opts())
  })
  const stay = withRelay(
    handheld
      .command('run')
      .description('stay on the air: take and show what the server sends, until stopped or erased'),
  )
    .option('--seconds <n>', 'stop after so long')
    .option(...directory)
  stay.action(async () => {
    const { runCommand } = await import('./cli-run.ts')
    await runCommand(await open(stay), stay.opts())
  })
  const screen = handheld
    .command('screen')
    .description(
      "what this terminal's handheld shows: stage, address, lock, policy and its rules, service books",
    )
    .option(...directory)
  screen.action(async () => {
    const { screenCommand } = await import('./cli-screen.ts')
    await screenCommand(await open(screen), screen.opts())
  })
  registerLock(handheld, open)
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

/** What a person does at the lock. */
function registerLock<C extends CommandLike<C>>(
  handheld: C,
  open: (command: C) => Promise<HandheldIo>,
): void {
  const unlock = handheld
    .command('unlock')
    .description("open this terminal's handheld with its own password")
    .option('--password-file <file>', 'file whose first line is that password; else it is asked for')
    .option(...directory)
  unlock.action(async () => {
    const { unlockCommand } = await import('./cli-lock.ts')
    await unlockCommand(await open(unlock), unlock.opts())
  })
  const setPassword = handheld
    .command('set-password')
    .description("set, change or remove the own password of this terminal's handheld")
    .option('--old-file <file>', 'file whose first line is the present password; else it is asked for')
    .option('--new-file <file>', 'file whose first line is the new password; else it is asked for')
    .option('--remove', 'go without a password, if the policy allows it')
    .option(...directory)
  setPassword.action(async () => {
    const { setPasswordCommand } = await import('./cli-lock.ts')
    await setPasswordCommand(await open(setPassword), setPassword.opts())
  })
  const lock = handheld
    .command('lock-screen')
    .description("lock this terminal's handheld now")
    .option(...directory)
  lock.action(async () => {
    const { lockCommand } = await import('./cli-lock.ts')
    await lockCommand(await open(lock), lock.opts())
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
  postkey handheld activate --code 'postkey:activate?address=alice%40example.test'
`
