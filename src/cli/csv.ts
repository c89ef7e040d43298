/** CSV as spreadsheets write it: RFC 4180, with or without a header. */
import { CsvError, parse } from 'csv-parse/sync'
import { usage } from './run.ts'

const rowsMax = 100_000

/** One row with the line of the file it ends in, from 1. */
export interface CsvRow {
  readonly line: number
  readonly values: readonly string[]
}

/** The value of a column in one row, empty where it has none. */
export type RowOf = (title: string) => string

/** The same, undefined where the row has no such column. */
export interface TitledRow {
  readonly line: number
  value(title: string): string | undefined
}

/**
 * @param columns in the order they have without a header
 * @param others columns that may be there and are not looked at
 * @throws Fault admin.usage
 */
export function parseTitled(
  csv: string,
  columns: readonly string[],
  others: readonly string[] = [],
): TitledRow[] {
  const [first, ...rest] = parseCsv(csv)
  if (!first) throw usage('the file has no rows')
  const header = first.values.map((title) => title.trim().toLowerCase())
  const titled = header.includes('address')
  const unknown = titled ? header.find((title) => ![...columns, ...others].includes(title)) : undefined
  if (unknown !== undefined) throw usage(`no column is called "${unknown}"; there are ${columns.join(', ')}`)
  const titles = titled ? header : columns
  const rows = titled ? rest : [first, ...rest]
  if (rows.length > rowsMax) throw usage(`a file has at most ${rowsMax} rows`)
  return rows.map(({ line, values }) => ({ line, value: (title) => values[titles.indexOf(title)] }))
}

/** As `parseTitled`, for whom no column is as good as an empty one. @throws Fault admin.usage */
export const parseTable = (...table: Parameters<typeof parseTitled>): RowOf[] =>
  parseTitled(...table).map(
    ({ value }) =>
      (title) =>
        value(title) ?? '',
  )

/** @throws Fault admin.usage where it is no CSV */
export function parseCsv(csv: string): CsvRow[] {
  const rows: CsvRow[] = []
  try {
    parse(csv, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: 65_536,
      on_record: (values: string[], { lines }) => {
        rows.push({ line: lines, values })
        return null
      },
    })
    return rows
  } catch (error) {
    if (error instanceof CsvError) throw usage(error.message)
    throw error
  }
}

/** Without the lines. @throws Fault admin.usage where it is no CSV */
export const parseRows = (csv: string): string[][] => parseCsv(csv).map(({ values }) => [...values])

export const csvLine = (values: readonly string[]): string =>
  `${values.map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\r\n`
