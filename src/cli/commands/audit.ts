import type { Command } from 'commander'
import type { AuditQuery } from '#admin/access/cases.ts'
import type { AuditVerdict, AuditView } from '#admin/access/views.ts'
import { Fault } from '#kernel/fault.ts'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import { type Run, usage } from '../run.ts'
import { count, fields, visible } from '../text.ts'
import { localIso, moment } from '../time.ts'

/** Columns of a terminal on which nothing of an ordinary line is broken. */
const wideEnough = 100

interface ListOptions {
  readonly by?: string
  readonly on?: string
  readonly what?: string
  readonly since?: string
  readonly limit: number
  readonly long?: boolean
}

const limitOf = (value: string): number => {
  if (/^\d{1,5}$/.test(value)) return Number(value)
  throw usage(`the limit is a whole number, not ${value}`)
}

export function auditCommands(program: Command, host: Host): void {
  const audit = program
    .command('audit')
    .description('who did what: the log of every change, and of every key')
  audit
    .command('list')
    .description('show the newest acts, the newest last')
    .option('--by <who>', 'only those of an account, token or user of this machine')
    .option(
      '--on <whom>',
      'only those on a user (also on the user’s handhelds, passwords and groups), a PIN, an account, a policy …',
    )
    .option('--what <operation>', 'only an operation such as users.add, or all of one noun: users')
    .option(
      '--since <when>',
      'only since a time (2026-01-05, 2026-01-05T14:00) or for so long: 30min, 12h, 7d',
    )
    .option('--limit <n>', 'at most so many, 1 to 10000', limitOf, 100)
    .option('--long', 'with what was before, what was asked for and what is now')
    .addHelpText(
      'after',
      examples(
        'audit list',
        'audit list --on alice@example.test --long',
        'audit list --by maria --since 7d',
        'audit list --what key --on 2100AB3F',
        'audit list --what login -o json',
      ),
    )
    .action(act<ListOptions>(host, list))
  audit
    .command('verify [file]')
    .description('find out whether a line was changed, removed or moved; exits 1 where one was')
    .option('--continues', 'with a file: also, that the log of this installation goes on where the file ends')
    .addHelpText(
      'after',
      `\nWith <file>, an export is looked at; that alone needs neither the server nor the database.\n${examples(
        'audit verify',
        'audit verify audit-2026-01.jsonl',
        'audit verify audit-2026-01.jsonl --continues',
      )}`,
    )
    .action(act<{ readonly continues?: boolean }>(host, verify))
  audit
    .command('export <file>')
    .description('write the whole log to a new file, one JSON object a line')
    .addHelpText('after', examples('audit export /var/backups/postkey-audit-$(date +%F).jsonl'))
    .action(act(host, exportLog))
}

async function list(run: Run, _args: readonly string[], options: ListOptions): Promise<void> {
  const { by, on, what, since, limit } = options
  const sinceMs = since === undefined ? undefined : sinceOf(since, run.deps.clock.nowMs())
  const query: AuditQuery = {
    limit,
    ...(by === undefined ? {} : { by }),
    ...(on === undefined ? {} : { on }),
    ...(what === undefined ? {} : { what }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
  }
  const acts = await run.admin((admin) => admin.audit.list(query))
  run.print(acts, () => {
    if (acts.length === 0) return 'Nothing.\n'
    return options.long ? acts.map((one) => describe(run, one)).join('\n') : actTable(run, acts)
  })
}

const actTable = (run: Run, acts: readonly AuditView[]): string =>
  run.table(
    [
      { title: 'NO', value: ({ seq }) => String(seq) },
      { title: 'WHEN', value: ({ atMs }) => when(run, atMs) },
      { title: 'WHO', value: ({ who }) => who, flexible: true },
      { title: 'WHAT', value: ({ what }) => what },
      { title: 'ON', value: ({ on }) => on, flexible: true },
      { title: 'OUTCOME', value: outcomeWords, flexible: true },
    ],
    acts,
  )

/** On a narrow terminal without the year: the other columns need the room. */
function when({ terminal, zone }: Run, atMs: number): string {
  const isNarrow = terminal.people && terminal.width < wideEnough
  return localIso(atMs, zone)
    .slice(isNarrow ? 5 : 0, 19)
    .replace('T', ' ')
}

/** An intent without an outcome: the server stopped in between, or could not write. */
const outcomeWords = ({ outcome }: AuditView): string => outcome ?? 'not known'

function describe(run: Run, view: AuditView): string {
  const { seq, atMs, who, role, from, what, on, change } = view
  const head = `${run.terminal.bold(`${seq}  ${what}`)}${on ? `  ${visible(on)}` : ''}\n`
  return (
    head +
    fields(
      [
        ['when', moment(atMs, run.deps.clock.nowMs(), run.zone)],
        ['who', role === who ? who : `${who} (${role}), by the ${from}`],
        ['outcome', outcomeWords(view)],
        ...Object.entries(change).map(([name, value]) => [name, JSON.stringify(value)] as const),
      ],
      run.terminal.width,
    )
  )
}

const unitMs: Readonly<Record<string, number>> = { min: 60_000, h: 3_600_000, d: 86_400_000 }

/** @throws Fault admin.usage */
function sinceOf(typed: string, nowMs: number): number {
  const [, amount, unit = ''] = /^(\d{1,6})(min|h|d)$/.exec(typed) ?? []
  if (amount !== undefined) return nowMs - Number(amount) * (unitMs[unit] ?? 0)
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(typed)
    ? new Date(typed.length === 10 ? `${typed}T00:00` : typed).getTime()
    : Number.NaN
  if (Number.isNaN(atMs) || atMs < 0)
    throw usage(`no time: ${typed}; write 2026-01-05, 2026-01-05T14:00 or 12h`)
  return atMs
}

async function verify(
  run: Run,
  args: readonly string[],
  { continues }: { readonly continues?: boolean },
): Promise<void> {
  const [file] = args
  if (continues && file === undefined) throw usage('--continues goes with a file')
  const verdict =
    file === undefined
      ? await run.admin((admin) => admin.audit.verify())
      : await (await import('../audit-file.ts')).verifyFile(run.deps.cwd, file)
  const now = continues && verdict.good ? await run.admin((admin) => admin.audit.verify(verdict.seq)) : null
  run.print(
    now ? { ...now, file: verdict } : verdict,
    () => verdictWords(verdict) + (now ? nowWords(now) : ''),
  )
  if (!verdict.good) throw new Fault('audit.broken', verdict.broken?.says ?? '')
  if (now && !now.good) throw new Fault('audit.broken', now.broken?.says ?? '')
  if (now && verdict.seq > 0 && now.at !== verdict.head)
    throw new Fault('audit.broken', `line ${verdict.seq} is another one here than in the file`)
}

const nowWords = ({ lines }: AuditVerdict): string => `Here ${count(lines, 'line')} whole.\n`

function verdictWords({ good, lines, head }: AuditVerdict): string {
  const whole = count(lines, 'line')
  return good ? `The audit log is whole: ${whole}, the last with the hash\n${head}\n` : `${whole} whole.\n`
}

async function exportLog(run: Run, args: readonly string[]): Promise<void> {
  const file = arg(args, 0)
  const { exportTo } = await import('../audit-file.ts')
  const lines = await run.admin((admin) => exportTo(run.deps.cwd, file, admin.audit.export()))
  run.print({ file, lines }, () => `Wrote ${count(lines, 'line')} to ${visible(file)}.\n`)
}
