/** `postkey handheld screen`: what the handheld of this terminal holds, as its user would look it up. */
import { Fault } from '#kernel/fault.ts'
import { ackStatus } from '#protocol/ack.ts'
import { atHandheld } from './at-hand.ts'
import type { HandheldIo } from './cli-io.ts'
import { handheldDirectory, type Options, sameHandheld } from './cli-options.ts'
import { ruleText } from './cli-taken.ts'
import { readHandheld } from './file.ts'
import type { PasswordDue } from './password.ts'
import type { HandheldState } from './state.ts'
import { type HandheldDetails, type HandheldView, viewOf } from './view.ts'

/** @throws Fault handheld.idle where there is no handheld yet */
export async function screenCommand(io: HandheldIo, options: Options): Promise<void> {
  const view = viewOf(await lookedAt(io, handheldDirectory(io, options)), io.clock.nowMs())
  io.stdout.write(io.format === 'json' ? `${JSON.stringify(view, null, 2)}\n` : rendered(io, options, view))
}

/** To look is to use it. A handheld that runs, or cannot be written, is shown as it is on the disk. */
async function lookedAt(io: HandheldIo, dir: string): Promise<HandheldState> {
  try {
    return (await atHandheld(dir, () => ({ kind: 'used' }), io)).state
  } catch (error) {
    if (!(error instanceof Fault) || !['handheld.in_use', 'handheld.storage'].includes(error.code))
      throw error
    const saved = await readHandheld(dir)
    if (!saved) throw new Fault('handheld.idle')
    return saved.state
  }
}

const passwordAsked: Readonly<Record<PasswordDue, string>> = {
  none_set: 'Your organisation requires a password. Set one',
  does_not_fit: 'Your organisation requires another password. Set one',
  too_old: 'The password is too old. Set a new one',
}

function rendered(io: HandheldIo, options: Options, view: HandheldView): string {
  const { details, locked, passwordDue } = view
  const first = lines([
    ['screen', view.text || null],
    ['stage', view.stage],
    ['PIN', view.pin],
    ['locked', locked ? `yes; open it: ${sameHandheld(options, 'unlock')}` : 'no'],
    [
      'password',
      passwordDue
        ? `${passwordAsked[passwordDue]}: ${sameHandheld(options, 'set-password')}`
        : view.passwordSet
          ? 'set'
          : 'none',
    ],
    ['tries left', view.triesLeft === null ? null : String(view.triesLeft)],
    ['owner', view.ownerText],
  ])
  if (!details) return first
  return [`${first}${lines(factsOf(io, details))}`, ...tablesOf(io, details)].join('\n')
}

type Fact = readonly [string, string | null]

const lines = (facts: readonly Fact[]): string =>
  facts.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(14)}${value}\n`])).join('')

function factsOf(
  io: HandheldIo,
  { policy, refused, command, wipe, ...details }: HandheldDetails,
): readonly Fact[] {
  const at = (iso: string) => io.moment(Date.parse(iso))
  return [
    ['address', details.address],
    ['organisation', details.organisation],
    ['servers', details.servers.join(', ') || null],
    ['algorithm', details.algorithm],
    ['activation', details.activation],
    ['last try', details.failure?.text ?? null],
    ['policy', policy && `number ${policy.number}`],
    ['not applied', policy?.leftOut.join(', ') || null],
    ['refused', refused && `a ${refused.what}: ${refused.says}, ${at(refused.at)}`],
    ['last command', command && commandWords(command)],
    ['wipe', wipe && `${wipe.scope}, begins ${at(wipe.beginsAt)}`],
  ]
}

/** What became of a command; one that was refused is told beside it, and never carried out. */
const outcomes: Readonly<Record<number, string>> = {
  [ackStatus.applied]: 'carried out',
  [ackStatus.appliedInPart]: 'carried out in part',
  [ackStatus.unknown]: 'not known to this handheld',
  [ackStatus.accepted]: 'taken',
}

const commandWords = ({ name, number, status }: NonNullable<HandheldDetails['command']>): string =>
  `${name.replaceAll('_', ' ')}, ${outcomes[status] ?? `answered with ${status}`} (number ${number})`

function tablesOf(io: HandheldIo, { policy, books }: HandheldDetails): readonly string[] {
  const rules = (policy?.rules ?? []).map(({ name, value, means, obeyed }) => [
    name,
    ruleText(value),
    means,
    obeyed ? 'obeyed' : 'shown only',
  ])
  const rows = books.map(({ cid, uid, name, usable }) => [cid, uid, name, usable ? 'yes' : 'no'])
  return [
    rules.length > 0 ? io.table(['RULE', 'VALUE', 'MEANS', 'HERE'], rules) : '',
    rows.length > 0 ? io.table(['BOOK', 'UID', 'NAME', 'USABLE'], rows) : '',
  ].filter((table) => table !== '')
}
