import type { Command } from 'commander'
import type { TokenView } from '#admin/access/views.ts'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import { type Run, usage } from '../run.ts'
import { moment, relative } from '../time.ts'
import { roleOption, rolesHelp } from './account.ts'

interface AddOptions {
  readonly role: string
  readonly hours: number
}

const hoursOf = (value: string): number => {
  if (/^\d{1,4}$/.test(value)) return Number(value)
  throw usage(`hours are a whole number, not ${value}`)
}

export function tokenCommands(program: Command, host: Host): void {
  const token = program.command('token').description('access for programs, each with a role and an end')
  token
    .command('add <name>')
    .description('make a token and print it once')
    .addOption(roleOption())
    .requiredOption('--hours <n>', 'life in hours, 1 to 8760', hoursOf)
    .addHelpText(
      'after',
      `${rolesHelp}\nA program hands it over as POSTKEY_TOKEN or in a file with --token-file.\n${examples(
        'token add nightly-report --role auditor --hours 720',
        'token add onboarding --role administrator --hours 8 -o json',
      )}`,
    )
    .action(act<AddOptions>(host, add))
  token.command('list').description('list all tokens, the newest first').action(act(host, list))
  token
    .command('revoke <name>')
    .description('make a token unusable at once, by its name or id')
    .addHelpText('after', examples('token revoke nightly-report'))
    .action(act(host, revoke))
}

async function add(run: Run, args: readonly string[], { role, hours }: AddOptions): Promise<void> {
  const issued = await run.admin((admin) => admin.tokens.add({ name: arg(args, 0), role, hours }))
  run.print(issued, () => `${issued.token}\n`)
  const until = moment(issued.expiresAtMs, run.deps.clock.nowMs(), run.zone)
  run.note(`${issued.name} is ${issued.role} until ${until}. The token is shown only now; nothing keeps it.`)
}

async function list(run: Run): Promise<void> {
  const tokens = await run.admin((admin) => admin.tokens.list())
  run.print(tokens, () => (tokens.length === 0 ? 'No tokens.\n' : tokenTable(run, tokens)))
}

const tokenTable = (run: Run, tokens: readonly TokenView[]): string =>
  run.table(
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'ROLE', value: ({ role }) => role },
      { title: 'STATE', value: ({ state }) => state },
      { title: 'ADDED', value: ({ createdAtMs }) => relative(createdAtMs, run.deps.clock.nowMs()) },
      { title: 'EXPIRES', value: ({ expiresAtMs }) => relative(expiresAtMs, run.deps.clock.nowMs()) },
      { title: 'ID', value: ({ id }) => id },
    ],
    tokens,
  )

async function revoke(run: Run, args: readonly string[]): Promise<void> {
  const token = await run.admin((admin) => admin.tokens.revoke(arg(args, 0)))
  run.print(token, () => `The token ${token.name} no longer works.\n`)
}
