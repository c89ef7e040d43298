/** `handheld …`: orders to a handheld far away, and the end of its account. */
import type { Command } from 'commander'
import type { AdminSession } from '#admin/admin.ts'
import type { LockTerms, WipeTerms } from '#admin/policy/cases.ts'
import type { QueueItemView } from '#admin/policy/views.ts'
import type { HandheldDetail } from '#admin/views.ts'
import { Fault } from '#kernel/fault.ts'
import { act, arg, examples } from '../act.ts'
import { type Consent, mayLose, withConsent } from '../consent.ts'
import type { Host } from '../deps.ts'
import { describeItem, droppedWords, itemName } from '../policy-tables.ts'
import { readPassword } from '../prompts.ts'
import { type Run, usage } from '../run.ts'
import { count } from '../text.ts'

interface LockOptions {
  readonly setPassword?: boolean
  readonly ownerText?: string
}

interface WipeOptions extends Consent {
  readonly after?: number
  readonly organisationOnly?: boolean
}

const minutesOf = (value: string): number => {
  if (/^\d{1,6}$/.test(value)) return Number(value)
  throw usage(`minutes are a whole number, not ${value}`)
}

export function handheldOrders(handheld: Command, host: Host): void {
  lockCommands(handheld, host)
  withConsent(
    handheld
      .command('wipe <pin>')
      .description('erase a handheld: everything on it, or what is the organisation’s'),
  )
    .option('--after <minutes>', 'let it wait so long before it begins', minutesOf)
    .option('--organisation-only', 'only the organisation’s data and keys')
    .addHelpText('after', examples('handheld wipe 2100AB3F', 'handheld wipe 2100AB3F --after 60'))
    .action(act<WipeOptions>(host, wipe))
  handheld
    .command('cancel-wipe <pin>')
    .description('take back a wipe that has not begun')
    .addHelpText('after', examples('handheld cancel-wipe 2100AB3F'))
    .action(act(host, (run, args) => ordered(run, (admin) => admin.handhelds.cancelWipe(arg(args, 0)))))
  withConsent(
    handheld
      .command('remove <pin>')
      .description('end a handheld’s account at once, without a word to it; its keys are erased'),
  )
    .addHelpText('after', examples('handheld remove 2100AB3F'))
    .action(act<Consent>(host, remove))
  handheld
    .command('resend-policy <pin>')
    .description('send the IT policy again, under a new number')
    .addHelpText('after', examples('handheld resend-policy 2100AB3F'))
    .action(act(host, resendPolicy))
}

async function resendPolicy(run: Run, args: readonly string[]): Promise<void> {
  const item = await run.admin((admin) => admin.handhelds.resendPolicy(arg(args, 0)))
  run.print(item, () =>
    item
      ? describeItem(run, item)
      : 'Its activation is not complete: where it was refused it goes on with the policy now, signed anew.\n',
  )
}

function lockCommands(handheld: Command, host: Host): void {
  handheld
    .command('lock <pin>')
    .description('lock a handheld, and give it a new password or a text for whoever finds it')
    .option('--set-password', 'read a new password of the handheld, from the terminal or standard input')
    .option('--owner-text <text>', 'shown on the locked screen')
    .addHelpText(
      'after',
      examples(
        'handheld lock 2100AB3F',
        'handheld lock 2100AB3F --set-password --owner-text "Please call +44 20 7946 0000"',
      ),
    )
    .action(act<LockOptions>(host, lock))
  handheld
    .command('owner-text <pin> <text>')
    .description('set the text on the locked screen; an empty one takes it away')
    .addHelpText('after', examples('handheld owner-text 2100AB3F "Property of Acme Ltd."'))
    .action(
      act(host, (run, args) => ordered(run, (admin) => admin.handhelds.setOwner(arg(args, 0), arg(args, 1)))),
    )
}

type Session = Parameters<Parameters<Run['admin']>[0]>[0]

async function ordered(run: Run, work: (admin: Session) => Promise<QueueItemView>): Promise<void> {
  const item = await run.admin(work)
  run.print(item, () => describeItem(run, item))
}

async function lock(
  run: Run,
  args: readonly string[],
  { setPassword, ownerText }: LockOptions,
): Promise<void> {
  const pin = arg(args, 0)
  const use = { operation: 'handhelds.lock', on: pin }
  const password = setPassword ? await readPassword(run, `New password of handheld ${pin}`, use) : undefined
  const terms: LockTerms = {
    ...(password === undefined ? {} : { password }),
    ...(ownerText === undefined ? {} : { ownerText }),
  }
  await ordered(run, (admin) => admin.handhelds.lock(pin, terms))
}

async function wipe(run: Run, args: readonly string[], options: WipeOptions): Promise<void> {
  const { after, organisationOnly } = options
  const terms: WipeTerms = {
    ...(after === undefined ? {} : { afterMinutes: after }),
    ...(organisationOnly ? { organisationOnly } : {}),
  }
  await run.admin(async (admin) => {
    const value = await atWork(admin, arg(args, 0))
    const { pin } = value
    const says = wipeWords(value, terms)
    if (!(await mayLose(run, admin, options, { name: pin, says, value, operation: 'handhelds.wipe' }))) return
    const item = await admin.handhelds.wipe(pin, terms)
    run.print(item, () => describeItem(run, item))
  })
}

/** Before anything is asked, and on a dry run as well. @throws Fault handheld.unknown, handheld.not_active */
async function atWork(
  { handhelds }: Pick<AdminSession, 'handhelds'>,
  typed: string,
): Promise<HandheldDetail> {
  const detail = await handhelds.show(typed)
  if (detail.state !== 'active') throw new Fault('handheld.not_active', detail.pin)
  return detail
}

function wipeWords({ pin, user, model, queue }: HandheldDetail, terms: WipeTerms): string {
  const { afterMinutes = 0, organisationOnly } = terms
  const what = organisationOnly ? 'the organisation’s data on' : 'everything on'
  const when = afterMinutes === 0 ? '' : `, ${count(afterMinutes, 'minute')} after it has the command`
  const replaced = queue.filter(({ kind }) => kind === 'command').map(itemName)
  return (
    `Erases ${what} handheld ${pin} (${model}) of ${user ?? 'nobody'}${when}.` +
    (replaced.length === 0 ? '' : ` Takes the place of what waits for it: ${replaced.join(', ')}.`)
  )
}

async function remove(run: Run, args: readonly string[], consent: Consent): Promise<void> {
  await run.admin(async (admin) => {
    const value = await atWork(admin, arg(args, 0))
    const { pin, user, queue } = value
    const dropped = droppedWords(queue)
    const says = `Ends the account of handheld ${pin} of ${user ?? 'nobody'}. Nothing is erased on the handheld.${dropped}`
    if (!(await mayLose(run, admin, consent, { name: pin, says, value, operation: 'handhelds.remove' })))
      return
    const removed = await admin.handhelds.remove(pin)
    run.print(
      removed,
      () => `Handheld ${removed.pin} works for nobody any more; its keys are erased.${dropped}\n`,
    )
  })
}
