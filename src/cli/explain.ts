/** Where an activation stands, whose turn it is, and how it came there, hop by hop. */
import type { Hop } from '#activation/timeline.ts'
import type { ExplainedActivation } from '#admin/views.ts'
import { renderGuard } from './guard.ts'
import { renderMails } from './mails.ts'
import type { Run } from './run.ts'
import { fields, spaced, visible } from './text.ts'
import { duration, localClock, localDay, moment, roughly } from './time.ts'

const barWidth = 8
const clockWidth = 12
/** A column of details narrower than this says nothing: they then follow the names. */
const detailWidthMin = 24
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

export function renderExplanation(run: Run, explained: ExplainedActivation): string {
  const { address, activation, explanation, timeline } = explained
  const nowMs = run.deps.clock.nowMs()
  const head = fields(
    [
      ['activation', activation?.id ?? 'none yet'],
      ['handheld', activation?.pin ?? null],
      ['stage', activation ? spaced(activation.stage) : null],
      ['turn', spaced(explanation.turn)],
      ['since', moment(explanation.sinceMs, nowMs, run.zone)],
      ['why', explanation.says],
      ['next', explanation.next],
      retryField(run, explained),
      ['code', explanation.code],
    ],
    run.terminal.width,
  )
  const hops = timeline.length === 0 ? '' : `\n${renderTimeline(run, timeline)}`
  const remarks = explained.remarks.map(
    ({ code, says, next }) =>
      `\n${fields(
        [
          ['remark', says],
          ['next', next],
          ['code', code],
        ],
        run.terminal.width,
      )}`,
  )
  const guard = renderGuard(run, explained.guard, address)
  return `${run.terminal.bold(visible(address))}\n${head}${remarks.join('')}${guard}${renderMails(run, explained.mails)}${hops}`
}

/** Either it goes on by itself, or a password begins to work, and then the user has to start again. */
function retryField(run: Run, { activation, explanation }: ExplainedActivation): [string, string | null] {
  const { retryAtMs, code } = explanation
  if (retryAtMs === null) return ['retry', null]
  const at = moment(retryAtMs, run.deps.clock.nowMs(), run.zone)
  const isEarly = code === 'grant.not_yet' || (code === null && activation === null)
  return isEarly ? ['begins', at] : ['retry', `by itself, ${at}`]
}

/** What all lines of one timeline share. */
interface Layout {
  readonly longestMs: number
  /** From the first hop to the last. */
  readonly total: string
  readonly tookWidth: number
  /** Names are padded to this; 0 where the lines are too narrow for a column of details. */
  readonly nameWidth: number
}

/** A hop with what is known of how long it took. */
interface Timed {
  readonly hop: Hop
  /** Empty for the first. */
  readonly took: string
  /** Of which a bar is drawn; 0 where it may as well have been no time at all. */
  readonly barMs: number
}

function timed(hop: Hop, i: number, hops: readonly Hop[]): Timed {
  if (hop.tookMs === null) return { hop, took: '', barMs: 0 }
  if (!hop.toSecond && !hops[i - 1]?.toSecond) return { hop, took: duration(hop.tookMs), barMs: hop.tookMs }
  return { hop, took: roughly(hop.tookMs), barMs: hop.tookMs < 1_000 ? 0 : hop.tookMs }
}

function renderTimeline(run: Run, hops: readonly Hop[]): string {
  const all = hops.map(timed)
  const layout = layoutOf(run, all)
  let day = ''
  const lines = all.flatMap((one) => {
    const today = localDay(one.hop.atMs, run.zone)
    const date = today === day ? [] : [`  ${today}`]
    day = today
    return [...date, hopLine(run, one, layout)]
  })
  return `${lines.join('\n')}\n  ${'in all'.padEnd(clockWidth)}${layout.total.padStart(layout.tookWidth)}\n`
}

function layoutOf({ terminal }: Run, all: readonly Timed[]): Layout {
  const totalMs = all.reduce((sum, { hop }) => sum + (hop.tookMs ?? 0), 0)
  const isRough = all.at(0)?.hop.toSecond || all.at(-1)?.hop.toSecond
  const total = isRough ? roughly(totalMs) : duration(totalMs)
  const tookWidth = 2 + Math.max(total.length, ...all.map(({ took }) => took.length))
  const nameWidth = Math.max(...all.map(({ hop }) => hop.name.length))
  const room = terminal.width - clockWidth - tookWidth - barWidth - nameWidth - 6
  const isWide = !terminal.people || room >= detailWidthMin
  return {
    longestMs: Math.max(1, ...all.map(({ barMs }) => barMs)),
    total,
    tookWidth,
    nameWidth: isWide ? nameWidth : 0,
  }
}

function hopLine({ terminal, zone }: Run, { hop, took, barMs }: Timed, layout: Layout): string {
  const clock = localClock(hop.atMs, zone).slice(0, hop.toSecond ? 'hh:mm:ss'.length : clockWidth)
  const times = `${clock.padEnd(clockWidth)}${took.padStart(layout.tookWidth)}`
  const before = `  ${times} ${bar(barMs, layout.longestMs)} `
  const name = visible(hop.name).padEnd(layout.nameWidth)
  const room = terminal.people ? terminal.width - before.length - name.length - 2 : Number.POSITIVE_INFINITY
  const detail = shortened(visible(hop.detail), room)
  return `${before}${detail === '' ? name : `${name}  ${terminal.dim(detail)}`}`.trimEnd()
}

/** A share of the longest hop, to an eighth of a character; what took any time at all shows a sliver. */
function bar(ms: number, longestMs: number): string {
  const units = ms <= 0 ? 0 : Math.max(1, Math.round((ms / longestMs) * barWidth * 8))
  return ('█'.repeat(Math.floor(units / 8)) + (eighths[units % 8] ?? '')).padEnd(barWidth)
}

function shortened(text: string, room: number): string {
  if (text.length <= room) return text
  return room < 4 ? '' : `${text.slice(0, room - 1)}…`
}
