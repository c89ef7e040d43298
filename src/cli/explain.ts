/** Where an activation stands, whose turn it is, and how it came there, hop by hop. */
import type { Hop } from '#activation/timeline.ts'
import type { ExplainedActivation } from '#admin/views.ts'
import { renderGuard } from './guard.ts'
import { renderMails } from './mails.ts'
import type { Run } from './run.ts'
import { fields, spaced, visible } from './text.ts'
import { duration, localClock, localDay, moment } from './time.ts'

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

function renderTimeline(run: Run, hops: readonly Hop[]): string {
  const layout = layoutOf(run, hops)
  let day = ''
  const lines = hops.flatMap((hop) => {
    const today = localDay(hop.atMs, run.zone)
    const date = today === day ? [] : [`  ${today}`]
    day = today
    return [...date, hopLine(run, hop, layout)]
  })
  return `${lines.join('\n')}\n  ${'in all'.padEnd(clockWidth)}${layout.total.padStart(layout.tookWidth)}\n`
}

function layoutOf({ terminal }: Run, hops: readonly Hop[]): Layout {
  const total = duration(hops.reduce((sum, { tookMs }) => sum + (tookMs ?? 0), 0))
  const tookWidth = 2 + Math.max(total.length, ...hops.map((hop) => tookText(hop).length))
  const nameWidth = Math.max(...hops.map((hop) => hop.name.length))
  const room = terminal.width - clockWidth - tookWidth - barWidth - nameWidth - 6
  const isWide = !terminal.people || room >= detailWidthMin
  return {
    longestMs: Math.max(1, ...hops.map((hop) => hop.tookMs ?? 0)),
    total,
    tookWidth,
    nameWidth: isWide ? nameWidth : 0,
  }
}

const tookText = ({ tookMs }: Hop): string => (tookMs === null ? '' : duration(tookMs))

function hopLine({ terminal, zone }: Run, hop: Hop, layout: Layout): string {
  const took = tookText(hop).padStart(layout.tookWidth)
  const before = `  ${localClock(hop.atMs, zone)}${took} ${bar(hop.tookMs ?? 0, layout.longestMs)} `
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
