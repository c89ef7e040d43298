/** The rows for people. */
import { type Row, rounded } from './part.ts'

const titles = ['figure', 'median', 'unit', 'against', 'ratio', 'least–most', 'target', ''] as const

export function table(rows: readonly Row[]): string {
  const lines = [titles, ...rows.map(cells)]
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  const text = lines.map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${text.join('\n')}\n`
}

function cells(row: Row): string[] {
  const { ratio, target, met, better, spread } = row
  return [
    row.name,
    rounded(row.value),
    row.unit,
    row.against ?? '',
    ratio === null ? '' : rounded(ratio),
    spread.map(rounded).join('–'),
    target === null ? '' : `${better === 'at_most' ? '≤' : '≥'} ${target}`,
    met === null ? '' : met ? 'met' : 'missed',
  ]
}
