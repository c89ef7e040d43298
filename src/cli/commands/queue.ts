import type { Command } from 'commander'
import type { AdminSession } from '#admin/admin.ts'
import type { QueueQuery } from '#admin/policy/cases.ts'
import { isGuarded } from '#admin/policy/guarded.ts'
import type { QueueItemView } from '#admin/policy/views.ts'
import { act, arg, examples } from '../act.ts'
import type { Host } from '../deps.ts'
import { describeItem, itemColumns } from '../policy-tables.ts'
import { type Run, usage } from '../run.ts'

const limitOf = (value: string): number => {
  if (/^\d{1,4}$/.test(value)) return Number(value)
  throw usage(`the limit is a whole number, not ${value}`)
}

/** What the Policy Service has for handhelds: policies, service books, commands. */
export function queueCommands(program: Command, host: Host): void {
  const queue = program
    .command('queue')
    .description('what waits for handhelds: policies, service books, commands')
  queue
    .command('list')
    .description('what is waiting, on its way, refused or set aside')
    .option('--of <address|pin>', 'only for a user or a handheld')
    .option('--all', 'what has ended as well')
    .option('--limit <n>', 'at most so many, 1 to 1000', limitOf, 100)
    .addHelpText('after', examples('queue list', 'queue list --of 2100AB3F --all'))
    .action(act<QueueQuery>(host, list))
  for (const [verb, says] of verbs)
    queue
      .command(`${verb} <item>`)
      .description(says)
      .addHelpText('after', examples(`queue ${verb} 17`))
      .action(act(host, (run, args) => one(run, verb, arg(args, 0))))
}

const verbs = [
  ['show', 'one item: where it stands, whose turn it is, what happens next'],
  ['cancel', 'take an item out of the queue'],
  ['resend', 'begin an item again, whatever its state, sealed anew'],
] as const

async function list(run: Run, _args: readonly string[], query: QueueQuery): Promise<void> {
  const items = await run.admin((admin) => admin.queue.list(query))
  run.print(items, () =>
    items.length === 0 ? 'Nothing waits for any handheld.\n' : run.table(itemColumns(run), items),
  )
}

async function one(run: Run, verb: (typeof verbs)[number][0], typed: string): Promise<void> {
  if (!/^\d{1,15}$/.test(typed)) throw usage(`an item is a number of \`postkey queue list\`, not ${typed}`)
  const id = Number(typed)
  const item = await run.admin((admin) => (verb === 'cancel' ? cancel(admin, id) : admin.queue[verb](id)))
  run.print(item, () => describeItem(run, item))
}

/** A lock or a wipe takes another right: which it is, is seen first. */
const cancel = async ({ queue }: Pick<AdminSession, 'queue'>, id: number): Promise<QueueItemView> =>
  isGuarded(await queue.show(id)) ? queue.cancelGuarded(id) : queue.cancel(id)
