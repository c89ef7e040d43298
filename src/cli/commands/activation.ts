import type { Command } from 'commander'
import type { ActivationDetail, ActivationView } from '#admin/views.ts'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import { renderExplanation } from '../explain.ts'
import { type Run, usage } from '../run.ts'
import type { Column } from '../table.ts'
import { fields, spaced, visible } from '../text.ts'
import { localClock, moment, relative } from '../time.ts'

interface ListOptions {
  readonly of?: string
  readonly open?: boolean
  readonly limit?: number
}

const limitOf = (value: string): number => {
  if (/^\d{1,4}$/.test(value)) return Number(value)
  throw usage(`the limit is a whole number, not ${value}`)
}

const whichHelp =
  '\n<which> is a user’s address, a handheld’s PIN, or an activation’s id or its first digits.\n'

export function activationCommands(program: Command, host: Host): void {
  const activation = program.command('activation').description('runs of activating a handheld')
  activation
    .command('list')
    .description('list activations, the newest first')
    .option('--of <address|pin>', 'only those of a user or a handheld')
    .option('--open', 'only those that have not ended')
    .option('--limit <n>', 'at most so many, 1 to 1000', limitOf, 50)
    .action(act<ListOptions>(host, list))
  activation
    .command('show <which>')
    .description('one activation with what is known of it')
    .addHelpText('after', whichHelp)
    .action(act(host, show))
  activation
    .command('explain <which>')
    .description('where an activation stands, whose turn it is, why, and how it came there')
    .addHelpText(
      'after',
      whichHelp + examples('activation explain alice@example.test', 'activation explain 2100AB3F -o json'),
    )
    .action(act(host, explain))
  activation
    .command('approve <user> <pin>')
    .description(
      'let a handheld activate although so many wrong passwords came in that each needs an approval',
    )
    .addHelpText(
      'after',
      `\n<pin> is what the user reads out from the screen; compare it with \`activation explain\`.\n${examples(
        'activation approve alice@example.test 2100AB3F',
      )}`,
    )
    .action(act(host, approve))
  activation
    .command('watch')
    .description('follow activations as they go on; end it with Ctrl-C')
    .option('--of <address|pin>', 'only those of a user or a handheld')
    .action(act<Pick<ListOptions, 'of'>>(host, watch))
}

export const activationColumns = (run: Run): readonly Column<ActivationView>[] => [
  { title: 'ID', value: ({ id }) => id.slice(0, 8) },
  { title: 'ADDRESS', value: ({ address }) => address, flexible: true },
  { title: 'PIN', value: ({ pin }) => pin ?? '' },
  { title: 'STAGE', value: ({ stage }) => spaced(stage), flexible: true },
  { title: 'SINCE', value: ({ sinceMs }) => relative(sinceMs, run.deps.clock.nowMs()) },
  { title: 'TURN', value: ({ turn }) => (turn === 'nobody' ? '' : spaced(turn)) },
]

async function list(run: Run, _args: readonly string[], options: ListOptions): Promise<void> {
  const runs = await run.admin((admin) => admin.activations.list(options))
  run.print(runs, () => (runs.length === 0 ? 'No activations.\n' : run.table(activationColumns(run), runs)))
}

async function show(run: Run, args: readonly string[]): Promise<void> {
  const detail = await run.admin((admin) => admin.activations.show(arg(args, 0)))
  run.print(detail, () => describe(run, detail))
}

function describe(run: Run, detail: ActivationDetail): string {
  const nowMs = run.deps.clock.nowMs()
  const text = fields(
    [
      ['address', detail.address],
      ['user', detail.user ?? 'no user'],
      ['handheld', [detail.pin, detail.model, detail.software].filter(Boolean).join(', ')],
      ['stage', spaced(detail.stage)],
      ['started', moment(detail.startedAtMs, nowMs, run.zone)],
      ['since', moment(detail.sinceMs, nowMs, run.zone)],
      ['says', detail.says],
      ['code', detail.code],
      ['mailbox', detail.mailbox],
      ['algorithm', detail.algorithm],
      ['policy', detail.policyNumber === null ? null : String(detail.policyNumber)],
      ['books', detail.booksNumber === null ? null : String(detail.booksNumber)],
      ['superseded by', detail.supersededBy],
    ],
    run.terminal.width,
  )
  return `${run.terminal.bold(detail.id)}\n${text}`
}

async function explain(run: Run, args: readonly string[]): Promise<void> {
  const explained = await run.admin((admin) => admin.activations.explain(arg(args, 0)))
  run.print(explained, () => renderExplanation(run, explained))
}

async function approve(run: Run, args: readonly string[]): Promise<void> {
  const approved = await run.admin((admin) => admin.activations.approve(arg(args, 0), arg(args, 1)))
  const { address, pin, waiting } = approved
  run.print(
    approved,
    () => `Handheld ${pin} may activate for ${address}${waiting > 0 ? '; its proof is judged now' : ''}.\n`,
  )
}

async function watch(run: Run, _args: readonly string[], options: Pick<ListOptions, 'of'>): Promise<void> {
  await run.admin(async (admin) => {
    for await (const view of admin.activations.watch(options, run.deps.stop))
      run.printLine(view, () => watchLine(run, view))
  })
}

function watchLine({ zone, terminal }: Run, view: ActivationView): string {
  const stage = spaced(view.stage)
  const painted = view.stage === 'failed' ? terminal.red(stage) : terminal.bold(stage)
  const who = [visible(view.address), view.pin].filter(Boolean).join('  ')
  return `${localClock(view.sinceMs, zone)}  ${who}  ${painted}  ${visible(view.says)}`
}
