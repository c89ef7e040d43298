import type { Command } from 'commander'
import type { SrpView } from '#admin/views.ts'
import { act, arg, collect, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import type { Run } from '../run.ts'
import { relative } from '../time.ts'

interface AddOptions {
  readonly domain: readonly string[]
  readonly replace?: boolean
}

export function srpCommands(program: Command, host: Host): void {
  const srp = program.command('srp').description('servers at this installation’s relay')
  srp
    .command('add <srp-id>')
    .description('let a server log in to the relay; prints its SRP key once')
    .requiredOption('--domain <domain>', 'mail domain it may serve; may be repeated', collect)
    .option('--replace', 'give a known server another key and other domains')
    .addHelpText('after', examples('srp add S00000002 --domain branch.example'))
    .action(act<AddOptions>(host, add))
  srp.command('list').description('list the servers of this relay').action(act(host, list))
  srp.command('resume <srp-id>').description('lift a suspension').action(act(host, resume))
}

async function add(run: Run, args: readonly string[], { domain, replace }: AddOptions): Promise<void> {
  const issued = await run.admin((admin) =>
    admin.srp.add(arg(args, 0), domain, replace === true ? { replace } : {}),
  )
  run.print(issued, () =>
    run.table(
      [
        { title: 'SRP ID', value: (one) => one.srpId },
        { title: 'SRP KEY', value: (one) => one.srpKey },
      ],
      [issued],
    ),
  )
  run.note('The key is shown only now; put it in the file that relay_client.srp_key_file names.')
}

async function list(run: Run): Promise<void> {
  const servers = await run.admin((admin) => admin.srp.list())
  run.print(servers, () => (servers.length === 0 ? 'No servers.\n' : serverTable(run, servers)))
}

const serverTable = (run: Run, servers: readonly SrpView[]): string =>
  run.table(
    [
      { title: 'SRP ID', value: ({ srpId }) => srpId },
      { title: 'DOMAINS', value: ({ domains }) => domains.join(' '), flexible: true },
      { title: 'ADDED', value: ({ createdAtMs }) => relative(createdAtMs, run.deps.clock.nowMs()) },
      { title: 'SUSPENDED', value: ({ suspendedBecause }) => suspendedBecause ?? '', flexible: true },
    ],
    servers,
  )

async function resume(run: Run, args: readonly string[]): Promise<void> {
  const server = await run.admin((admin) => admin.srp.resume(arg(args, 0)))
  run.print(server, () => `${server.srpId} may log in again.\n`)
}
