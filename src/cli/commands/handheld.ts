import type { Command } from 'commander'
import type { QueueItemView } from '#admin/policy/views.ts'
import type { HandheldDetail, HandheldView, LockView } from '#admin/views.ts'
import { act, arg } from '../act.ts'
import type { Host } from '../deps.ts'
import { itemName, owedWords } from '../policy-tables.ts'
import type { Run } from '../run.ts'
import type { Column } from '../table.ts'
import { count, fields, spaced } from '../text.ts'
import { moment, relative } from '../time.ts'
import { handheldOrders } from './handheld-orders.ts'
import { kidText } from './keys.ts'

/** The server's view of handhelds; the terminal handheld adds its own commands beside these. */
export function handheldCommands(program: Command, host: Host): Command {
  const handheld = program.command('handheld').description('handhelds that work for users')
  handheld.command('list').description('list the handhelds this server knows').action(act(host, list))
  handheld
    .command('show <pin>')
    .description('one handheld: user, keys, policy, service books')
    .action(act(host, show))
  handheldOrders(handheld, host)
  return handheld
}

export const handheldColumns = (run: Run): readonly Column<HandheldView>[] => [
  { title: 'PIN', value: ({ pin }) => pin },
  { title: 'USER', value: ({ user }) => user ?? '', flexible: true },
  { title: 'STATE', value: (view) => stateWords(run, view) },
  { title: 'MODEL', value: ({ model }) => model, flexible: true },
  { title: 'HEARD', value: ({ heardAtMs }) => relative(heardAtMs, run.deps.clock.nowMs()) },
  { title: 'POLICY', value: ({ policy }) => provisioned(policy) },
]

function stateWords(run: Run, { state, replacedBy, lockTakenAtMs }: HandheldView): string {
  const is = state === 'replaced' && replacedBy ? `${state} by ${replacedBy}` : state
  return lockTakenAtMs === null ? is : `${is}, took a lock ${relative(lockTakenAtMs, run.deps.clock.nowMs())}`
}

const ownState = ({ state, replacedBy }: HandheldView): string =>
  state === 'replaced'
    ? `replaced${replacedBy ? ` by ${replacedBy}` : ''}; nothing sent from here reaches it, and nothing was erased on it`
    : state

/** No more than what is known: opening a handheld is told to nobody. */
function lockWords(run: Run, { takenAtMs, orderedBy, hasPassword }: LockView): string {
  const at = moment(takenAtMs, run.deps.clock.nowMs(), run.zone)
  const by = orderedBy ? `, ordered by ${orderedBy}` : ''
  return `it took a lock ${at}${by}${hasPassword ? '' : '; it has no password: anybody opens it'}; whether it was opened since is not known here`
}

async function list(run: Run): Promise<void> {
  const handhelds = await run.admin((admin) => admin.handhelds.list())
  run.print(handhelds, () =>
    handhelds.length === 0 ? 'No handhelds.\n' : run.table(handheldColumns(run), handhelds),
  )
}

async function show(run: Run, args: readonly string[]): Promise<void> {
  const detail = await run.admin((admin) => admin.handhelds.show(arg(args, 0)))
  run.print(detail, () => describe(run, detail))
}

function describe(run: Run, detail: HandheldDetail): string {
  const at = (atMs: number) => moment(atMs, run.deps.clock.nowMs(), run.zone)
  const key = detail.masterKeyMadeAtMs
  const text = fields(
    [
      ['user', detail.user],
      ['state', ownState(detail)],
      ['lock', detail.lock && lockWords(run, detail.lock)],
      ['model', detail.model],
      ['software', detail.software],
      ['platform', detail.platform],
      ['activated', at(detail.activatedAtMs)],
      ['heard', at(detail.heardAtMs)],
      ['policy', policyWords(run, detail)],
      ['cut off', detail.isCutOff ? 'no mail, calendar or sync until it has applied its policy' : null],
      ['books', booksWords(detail)],
      ['left out', [...detail.policy.leftOut, ...detail.books.leftOut].join(', ')],
      [
        'wipe',
        detail.wipeAtMs === null ? null : `taken; carried out by ${at(detail.wipeAtMs)}${unlessBack(detail)}`,
      ],
      ['wiped', detail.wipedAtMs === null ? null : `it took the wipe ${at(detail.wipedAtMs)}`],
      ['master key', key === null ? 'none' : `${keyName(detail)}, made ${at(key)}`],
      ['device key', detail.deviceKey],
      ['activation', detail.activation],
      ['waiting', detail.waiting === 0 ? 'nothing' : `${count(detail.waiting, 'message')} on the way to it`],
    ],
    run.terminal.width,
  )
  const queue = detail.queue.length === 0 ? '' : `\n${run.table(queueColumns(run), detail.queue)}`
  return `${run.terminal.bold(detail.pin)}\n${text}${queue}`
}

const unlessBack = ({ wipeRecall }: HandheldDetail): string =>
  wipeRecall === null ? '' : `, unless item ${wipeRecall} came before`

const queueColumns = (run: Run): readonly Column<QueueItemView>[] => [
  { title: 'ITEM', value: ({ id }) => String(id) },
  { title: 'WHAT', value: itemName },
  { title: 'STATE', value: ({ state }) => spaced(state) },
  { title: 'SINCE', value: ({ sinceMs }) => relative(sinceMs, run.deps.clock.nowMs()) },
  { title: 'SAYS', value: ({ says }) => says, flexible: true },
]

/** As `postkey keys list` names them. */
function keyName({ masterKeyId, algorithm, hybrid }: HandheldDetail): string {
  return `${kidText(masterKeyId ?? 0)}, ${algorithm ?? ''}${hybrid ? ' + ML-KEM' : ''}`
}

/** `strict: number 29, sent …, applied …, as it should be`: the name is of what it should have. */
function policyWords(
  run: Run,
  { policyName, policyTimes, policyOwed, policy, state }: HandheldDetail,
): string {
  const { sent, applied } = policy
  const at = (word: string, atMs: number | null) =>
    atMs === null ? word : `${word} ${moment(atMs, run.deps.clock.nowMs(), run.zone)}`
  const inForce =
    applied === 0 ? 'none applied' : `number ${applied}, ${at('applied', policyTimes.appliedAtMs)}`
  const words = () => {
    if (policyOwed) return `${inForce}; ${owedWords(policyOwed)}`
    if (sent === 0) return 'none sent yet'
    const last = `number ${sent}, ${at('sent', policyTimes.sentAtMs)}`
    if (sent !== applied) return `${last}, not applied yet${applied === 0 ? '' : `; in force: ${inForce}`}`
    const asItShould = state === 'active' ? ', as it should be' : ''
    return `${last}, ${at('applied', policyTimes.appliedAtMs)}${asItShould}`
  }
  return policyName === null ? words() : `${policyName}: ${words()}`
}

function booksWords({ books: { sent, applied }, booksOwed, state }: HandheldDetail): string {
  const inForce = applied === 0 ? 'none registered' : `set ${applied} registered`
  if (booksOwed) return `${inForce}; ${owedWords(booksOwed)}`
  if (sent === 0) return 'none sent yet'
  if (sent !== applied) return `set ${sent} sent; ${inForce}`
  return state === 'active' ? `${inForce}, as it should be` : inForce
}

function provisioned({ sent, applied }: { readonly sent: number; readonly applied: number }): string {
  if (sent === 0) return 'not sent'
  return applied === sent
    ? `applied (${applied})`
    : `sent (${sent}), applied ${applied === 0 ? 'none' : applied}`
}
