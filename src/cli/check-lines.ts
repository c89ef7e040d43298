/** Checks as people read them: one line where all is well, what happened and what to do where it is not. */
import type { Check } from '#admin/views.ts'
import type { Run } from './run.ts'
import type { Terminal } from './terminal.ts'
import { fields, visible, wrap } from './text.ts'
import { relative } from './time.ts'

const indent = 11

export interface CheckLayout {
  /** Stands before the name: a time, say. */
  readonly before: string
  /** Names are filled up to it, and the words after them stand in one column. */
  readonly nameWidth: number
}

const plain: CheckLayout = { before: '', nameWidth: 0 }

export function checkLines({ terminal, deps }: Run, check: Check, layout = plain): string {
  const { before, nameWidth } = layout
  const since = check.sinceMs === null ? '' : `, ${relative(check.sinceMs, deps.clock.nowMs())}`
  const shown = visible(check.name)
  const name = terminal.bold(shown)
  const head = `${mark(terminal, check.health)}${before}${name}`
  if (check.health === 'ok') {
    const gap = nameWidth > 0 ? ' '.repeat(Math.max(0, nameWidth - shown.length) + 2) : ': '
    const taken = before.length + shown.length + gap.length
    const [first = '', ...more] = wrapped(check, terminal.width, taken)
    const rest = ' '.repeat(indent + (nameWidth > 0 ? taken : 0))
    return [`${head}${gap}${first}`, ...more.map((line) => rest + line), ''].join('\n')
  }
  const says = wrapped(check, terminal.width, 0).map((line) => `${' '.repeat(indent)}${line}\n`)
  const rest = fields(
    [
      ['next', check.next],
      ['code', check.code],
    ],
    terminal.width,
    indent,
  )
  return `${head}${since}\n${says.join('')}${rest}`
}

/** @param taken columns of the first line that something else has */
function wrapped({ says }: Check, width: number, taken: number): string[] {
  const hole = '\u00a0'.repeat(taken)
  const [first = '', ...more] = wrap(hole + visible(says), width - indent)
  return [first.slice(taken), ...more]
}

function mark(terminal: Terminal, health: Check['health']): string {
  if (health === 'broken') return terminal.red('BROKEN'.padEnd(indent))
  return health === 'attention'
    ? terminal.yellow('ATTENTION'.padEnd(indent))
    : terminal.green('ok'.padEnd(indent))
}
