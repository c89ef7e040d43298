/** Policies, rules and what waits for handhelds, as people read them. */
import type {
  EffectiveRule,
  PolicyDetail,
  PolicyView,
  QueueItemView,
  RuleChange,
  RuleView,
} from '#admin/policy/views.ts'
import type { Run } from './run.ts'
import type { Column } from './table.ts'
import { count, fields, spaced, visible } from './text.ts'
import { moment, relative } from './time.ts'

export const policyColumns = (run: Run): readonly Column<PolicyView>[] => [
  { title: 'RANK', value: ({ rank }) => (rank === null ? '-' : String(rank)) },
  { title: 'POLICY', value: ({ name }) => name, flexible: true },
  { title: 'RULES', value: ({ ruleCount }) => String(ruleCount) },
  { title: 'GIVEN TO', value: (policy) => givenTo(policy), flexible: true },
  { title: 'HANDHELDS', value: ({ handhelds }) => String(handhelds) },
  { title: 'CHANGED', value: ({ changedAtMs }) => since(run, changedAtMs) },
]

const since = (run: Run, atMs: number): string =>
  atMs === 0 ? 'never' : relative(atMs, run.deps.clock.nowMs())

function givenTo({ rank, groups, users }: PolicyView): string {
  if (rank === null) return 'everybody'
  return [...groups.map((group) => `group ${group}`), ...users].join(', ') || 'nobody yet'
}

export function describePolicy(run: Run, policy: PolicyDetail): string {
  const { terminal } = run
  const facts = fields(
    [
      ['rank', policy.rank === null ? 'weakest: everybody has it' : `${policy.rank} (1 is the strongest)`],
      ['given to', givenTo(policy)],
      ['reaches', count(policy.handhelds, 'handheld')],
      ['revision', `${policy.revision}, ${since(run, policy.changedAtMs)}`],
    ],
    terminal.width,
  )
  const rows = Object.entries(policy.rules).map(([rule, value]) => ({ rule, value: String(value) }))
  const rules =
    rows.length === 0
      ? '  It says nothing of any rule; set some with `postkey policy set`.\n'
      : run.table(
          [
            { title: 'RULE', value: ({ rule }) => rule },
            { title: 'VALUE', value: ({ value }) => value, flexible: true },
          ],
          rows,
        )
  return `${terminal.bold(visible(policy.name))}\n${facts}\n${rules}`
}

export const ruleColumns: readonly Column<RuleView>[] = [
  { title: 'RULE', value: ({ name }) => name },
  { title: 'TAKES', value: ({ takes }) => takes, flexible: true },
  { title: 'DEFAULT', value: ({ standard }) => standard, flexible: true },
  { title: 'MEANS', value: ({ says }) => says, flexible: true },
]

/** @param titles of what was before, and after */
export const changeTable = (
  run: Run,
  changes: readonly RuleChange[],
  [before, after]: readonly [string, string] = ['BEFORE', 'AFTER'],
): string =>
  run.table(
    [
      { title: 'RULE', value: ({ rule }) => rule },
      { title: before, value: (change) => said(change.before), flexible: true },
      { title: after, value: (change) => said(change.after), flexible: true },
    ],
    changes,
  )

/** Nothing said is another thing than an empty text. */
const said = (value: string | null): string =>
  value === null ? 'not said' : value === '' ? '(empty)' : value

export const effectiveColumns: readonly Column<EffectiveRule>[] = [
  { title: 'RULE', value: ({ rule }) => rule },
  { title: 'VALUE', value: ({ value }) => (value === '' ? '(empty)' : value), flexible: true },
  { title: 'FROM', value: ({ policy }) => policy ?? 'catalogue' },
  { title: 'WHY', value: ({ via, overruled }) => [via, ...overruled.map(weaker)].join('; '), flexible: true },
]

const weaker = ({ policy, value }: EffectiveRule['overruled'][number]): string =>
  `over ${policy} (${value === '' ? 'empty' : value})`

export const itemColumns = (run: Run): readonly Column<QueueItemView>[] => [
  { title: 'ITEM', value: ({ id }) => String(id) },
  { title: 'PIN', value: ({ pin }) => pin },
  { title: 'USER', value: ({ user }) => user ?? '', flexible: true },
  { title: 'WHAT', value: itemName },
  { title: 'STATE', value: ({ state }) => spaced(state) },
  { title: 'SINCE', value: ({ sinceMs }) => relative(sinceMs, run.deps.clock.nowMs()) },
  { title: 'NEXT TRY', value: (item) => nextTry(run, item) },
]

export const itemName = ({ kind, command }: QueueItemView): string => spaced(command ?? kind)

/** What goes with an account: nothing here calls back what the relay has. */
export function droppedWords(items: readonly QueueItemView[]): string {
  if (items.length === 0) return ''
  const each = items.map((item) => {
    const sent = item.number === null ? '' : ', which was sent and may still reach it'
    return `${itemName(item)} for ${item.pin}${sent}`
  })
  return ` What waits for a handheld is dropped: ${each.join('; ')}.`
}

/** What the relay holds goes by itself. */
function nextTry(run: Run, { nextTryAtMs: atMs, state }: QueueItemView): string {
  if (atMs === null) return state === 'out' ? 'when it is on the air' : ''
  const nowMs = run.deps.clock.nowMs()
  return atMs <= nowMs ? 'now' : relative(atMs, nowMs)
}

/** Of a policy or set that the handheld does not have yet. */
export const owedWords = ({ id, state, says }: QueueItemView): string =>
  `${state === 'waiting' || state === 'out' ? 'a newer one is on its way' : 'a newer one has stopped'} (item ${id}): ${says}`

export function describeItem(run: Run, item: QueueItemView): string {
  const at = (atMs: number) => moment(atMs, run.deps.clock.nowMs(), run.zone)
  const text = fields(
    [
      ['handheld', [item.pin, item.user].filter(Boolean).join(', ')],
      ['state', spaced(item.state)],
      ['says', item.says],
      ['next', item.next],
      ['turn', item.turn === 'nobody' ? null : spaced(item.turn)],
      ['code', item.code],
      ['queued', at(item.queuedAtMs)],
      ['since', at(item.sinceMs)],
      ['copies', item.copies === 0 ? null : String(item.copies)],
      ['next try', item.nextTryAtMs === null ? null : at(item.nextTryAtMs)],
      ['waits for', item.waitsFor === null ? null : `item ${item.waitsFor}`],
      ['number', item.number === null ? null : String(item.number)],
      ['left out', item.leftOut.join(', ')],
    ],
    run.terminal.width,
  )
  return `${run.terminal.bold(`Item ${item.id}: ${itemName(item)}`)}\n${text}`
}
