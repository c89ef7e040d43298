/** Where an activation stands, whose turn it is, and how it came there, hop by hop. */
import type { Hop } from '#activation/timeline.ts'
import type { ExplainedActivation } from '#admin/views.ts'
import { renderGuard } from './guard.ts'
import type { Run } from './run.ts'
import { fields, spaced, visible } from './text.ts'
import { duration, localClock, localDay, moment } from './time.ts'

const barWidth = 8
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
      ['retry', explanation.retryAtMs === null ? null : moment(explanation.retryAtMs, nowMs, run.zone)],
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
  return `${run.terminal.bold(visible(address))}\n${head}${remarks.join('')}${guard}${hops}`
}

function renderTimeline(run: Run, hops: readonly Hop[]): string {
  const longestMs = Math.max(1, ...hops.map((hop) => hop.tookMs ?? 0))
  const nameWidth = Math.max(...hops.map((hop) => hop.name.length))
  let day = ''
  const lines = hops.flatMap((hop) => {
    const today = localDay(hop.atMs, run.zone)
    const date = today === day ? [] : [`  ${today}`]
    day = today
    return [...date, hopLine(run, hop, longestMs, nameWidth)]
  })
  return `${lines.join('\n')}\n`
}

function hopLine(run: Run, hop: Hop, longestMs: number, nameWidth: number): string {
  const took = (hop.tookMs === null ? '' : duration(hop.tookMs)).padStart(12)
  const before = `  ${localClock(hop.atMs, run.zone)}${took} ${bar(hop.tookMs ?? 0, longestMs)} `
  const name = visible(hop.name)
  const room = run.terminal.people
    ? run.terminal.width - before.length - nameWidth - 2
    : Number.POSITIVE_INFINITY
  const detail = shortened(visible(hop.detail), room)
  return `${before}${detail === '' ? name : `${name.padEnd(nameWidth)}  ${run.terminal.dim(detail)}`}`.trimEnd()
}

/** A share of the longest hop, to an eighth of a character; what took any time at all shows a sliver. */
function bar(ms: number, longestMs: number): string {
  const units = ms <= 0 ? 0 : Math.max(1, Math.round((ms / longestMs) * barWidth * 8))
  return ('█'.repeat(Math.floor(units / 8)) + (eighths[units % 8] ?? '')).padEnd(barWidth)
}

function shortened(text: string, room: number): string {
  if (text.length <= room) return text
  return room < 2 ? '' : `${text.slice(0, room - 1)}…`
}
