/** Rows for people: fitted to the terminal's width, or plain and whole where no terminal is. */
import Table from 'cli-table3'
import { visible } from './text.ts'

export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  /** May be wrapped where the terminal is too narrow; the others are never cut. */
  readonly flexible?: boolean
}

export interface TableStyle {
  /** Width of the terminal, or null where there is none. */
  readonly width: number | null
  readonly bold: (text: string) => string
}

const gap = '  '
const flexibleWidthMin = 12

const noFrame = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: gap,
}

export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, bold }: TableStyle,
): string {
  const titles = columns.map((column) => column.title)
  const cells = rows.map((row) => columns.map((column) => visible(column.value(row))))
  const natural = titles.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)))
  const widths = width === null ? natural : fitted(natural, columns, width)
  const table = new Table({
    head: titles.map(bold),
    colWidths: widths,
    chars: noFrame,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    wordWrap: true,
    wrapOnWordBoundary: true,
  })
  for (const row of cells) table.push(row.map((cell, i) => broken(cell, widths[i] ?? 0)))
  const lines = table.toString().split('\n')
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

/** A word that is longer than its column goes on in the next line: an address that is cut off names nobody. */
function broken(cell: string, width: number): string {
  if (cell.length <= width) return cell
  return cell.replace(/\S+/g, (word) => (word.length > width ? pieces(word, width).join('\n') : word))
}

const pieces = (word: string, width: number): string[] =>
  Array.from({ length: Math.ceil(word.length / width) }, (_, i) => word.slice(i * width, (i + 1) * width))

/** Flexible columns give way in proportion to what they have over their least width. */
function fitted<Row>(natural: readonly number[], columns: readonly Column<Row>[], width: number): number[] {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
  const excess = sum(natural) + gap.length * (natural.length - 1) - width
  const spare = natural.map((one, i) => (columns[i]?.flexible ? Math.max(0, one - flexibleWidthMin) : 0))
  if (excess <= 0 || sum(spare) === 0) return [...natural]
  const share = Math.min(1, excess / sum(spare))
  return natural.map((one, i) => one - Math.ceil((spare[i] ?? 0) * share))
}
