import type { Command } from 'commander'
import type { BulkPasswordTerms, PasswordTerms } from '#admin/admin.ts'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import { sayMailed } from '../mails.ts'
import { type BulkSource, generateMany } from '../password-bulk.ts'
import { readPassword } from '../prompts.ts'
import { renderQr } from '../qr.ts'
import { type Run, usage } from '../run.ts'
import { visible } from '../text.ts'
import { moment, parseMoment } from '../time.ts'
import { sayGivingWay, showPasswords } from './issued.ts'
import { wholeHours } from './whole-hours.ts'

export interface PasswordOptions {
  readonly hours?: number
  readonly pin?: string
  readonly tries?: number
  readonly notBefore?: string
  readonly send?: boolean
  readonly to?: string
  readonly instructionsTo?: string
  readonly language?: string
  readonly qr?: boolean
  readonly csv?: string
  readonly group?: string
  readonly output?: string
  readonly resume?: boolean
  readonly replace?: boolean
  readonly dryRun?: boolean
}

const few = (value: string): number => {
  if (/^\d{1,2}$/.test(value)) return Number(value)
  throw usage(`tries are a whole number, not ${value}`)
}

const withTerms = (command: Command): Command =>
  command
    .option('--hours <n>', 'life in hours, 1 to 720', wholeHours)
    .option(
      '--not-before <time>',
      'when it begins to work, such as 2026-12-01T08:00; its life counts from then',
    )
    .option('--pin <pin>', 'only this handheld may use it')
    .option('--tries <n>', 'wrong passwords one handheld may send, 1 to 5', few)

const withMail = (command: Command): Command =>
  command
    .option('--to <address>', 'mail the password there, and not to the user')
    .option('--instructions-to <address>', 'mail the instructions there, and not to the user')
    .option('--language <language>', 'language of the mails, such as en or de')

export function passwordCommands(program: Command, host: Host): void {
  const password = program.command('password').description('activation passwords')
  generateCommand(password, host)
  withMail(withTerms(password.command('send <address>').description('generate a password and mail it')))
    .addHelpText('after', sendHelp)
    .action(act<PasswordOptions>(host, send))
  withMail(
    withTerms(
      password.command('set <address>').description('set a password of your own, at least eight symbols'),
    ).option('--send', 'mail the instructions and the password, too'),
  )
    .addHelpText(
      'after',
      `\nOn a terminal it is asked for twice; otherwise it is the first line of standard input.\n${examples(
        'password set alice@example.test',
        'password set alice@example.test < password.txt',
      )}`,
    )
    .action(act<PasswordOptions>(host, set))
  password
    .command('revoke <address>')
    .description('make the password unusable at once')
    .action(act(host, revoke))
}

const sendHelp = `
The instructions and the password go out as two mails, so that who reads one has not the other. The password is printed
nowhere.
${examples(
  'password send alice@example.test',
  'password send alice@example.test --to manager@example.test --language de',
)}`

function generateCommand(password: Command, host: Host): void {
  withMail(
    withTerms(
      password
        .command('generate [address]')
        .description('generate a password and print it once, or one for each user of a file'),
    ).option('--send', 'mail the instructions and the password, too'),
  )
    .option('--qr', 'show the password as a QR code for the handheld as well, and the text that it holds')
    .option('--csv <file.csv>', 'a password for each row of a file with the columns address, pin, to')
    .option('--group <name>', 'a password for each user of a group')
    .option('--output <file.csv>', 'with --csv or --group: write the passwords to a new file')
    .option('--resume', 'with --output: go on with a file that was begun')
    .option('--replace', 'with --csv or --group: a new password also where a live one is waiting')
    .option('--dry-run', 'with --csv or --group: only show what would be done')
    .addHelpText(
      'after',
      examples(
        'password generate alice@example.test',
        'password generate alice@example.test --not-before 2026-12-01T08:00 --hours 8 --qr',
        'password generate --csv staff.csv --output passwords.csv',
        'password generate --csv staff.csv --send',
        'password generate --group sales --send --not-before 2026-12-01T08:00',
      ),
    )
    .action(act<PasswordOptions>(host, generate))
}

function termsOf(run: Run, options: PasswordOptions): PasswordTerms {
  const { hours, pin, tries, notBefore, to, instructionsTo, language } = options
  const notBeforeMs = notBefore === undefined ? undefined : momentOf(run, notBefore)
  const mail = {
    ...(to === undefined ? {} : { to }),
    ...(instructionsTo === undefined ? {} : { instructionsTo }),
    ...(language === undefined ? {} : { language }),
  }
  if (!options.send && Object.keys(mail).length > 0)
    throw usage('--to, --instructions-to and --language go with --send')
  return {
    ...(hours === undefined ? {} : { hours }),
    ...(pin === undefined ? {} : { pin }),
    ...(tries === undefined ? {} : { tries }),
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
    ...(options.send ? { send: mail } : {}),
  }
}

function momentOf(run: Run, typed: string): number {
  const atMs = parseMoment(typed, run.zone)
  if (atMs === null) throw usage(`write the time as 2026-12-01T08:00, not ${typed}`)
  return atMs
}

async function generate(run: Run, args: readonly string[], options: PasswordOptions): Promise<void> {
  const [address] = args
  const terms = termsOf(run, options)
  const { csv, group } = options
  if ([address, csv, group].filter((one) => one !== undefined).length > 1)
    throw usage('an address, --csv or --group, and only one of them')
  if (csv !== undefined) return many(run, { csv }, terms, options)
  if (group !== undefined) return many(run, { group }, terms, options)
  if (address === undefined) throw usage('name an address, a file with --csv, or a group with --group')
  if (options.output ?? options.resume ?? options.replace ?? options.dryRun)
    throw usage('--output, --resume, --replace and --dry-run go with --csv or --group')
  const issued = await run.admin((admin) => admin.passwords.generate(address, terms))
  showPasswords(run, [issued])
  if (options.qr && issued.code !== null && run.format === 'table')
    run.terminal.stdout.write(`\n${renderQr(issued.code, run.terminal)}\n${visible(issued.code)}\n`)
  sayMailed(run, issued)
}

async function many(
  run: Run,
  from: BulkSource,
  terms: BulkPasswordTerms,
  options: PasswordOptions,
): Promise<void> {
  if (options.qr || terms.pin !== undefined || terms.send?.to !== undefined)
    throw usage('for many users --qr has no use, and --pin and --to are columns of a file')
  if (options.resume && options.output === undefined) throw usage('--resume goes with --output')
  await generateMany(run, from, { ...terms, ...(options.replace ? { replace: true } : {}) }, options)
}

async function send(run: Run, args: readonly string[], options: PasswordOptions): Promise<void> {
  const terms = termsOf(run, { ...options, send: true })
  const issued = await run.admin((admin) => admin.passwords.send(arg(args, 0), terms))
  const nowMs = run.deps.clock.nowMs()
  run.print(
    issued,
    () => `A password for ${issued.address}, until ${moment(issued.expiresAtMs, nowMs, run.zone)}.\n`,
  )
  if (issued.replaced) run.note(`The earlier password of ${issued.address} no longer works.`)
  sayGivingWay(run, [issued])
  sayMailed(run, issued)
}

async function set(run: Run, args: readonly string[], options: PasswordOptions): Promise<void> {
  const address = arg(args, 0)
  const terms = termsOf(run, options)
  const typed = await readPassword(run, `Activation password for ${address}`, {
    operation: 'passwords.set',
    on: address,
  })
  const issued = await run.admin((admin) => admin.passwords.set(address, typed, terms))
  showPasswords(run, [issued])
  sayMailed(run, issued)
}

async function revoke(run: Run, args: readonly string[]): Promise<void> {
  const user = await run.admin((admin) => admin.passwords.revoke(arg(args, 0)))
  run.print(user, () => `The activation password of ${user.address} no longer works.\n`)
}
