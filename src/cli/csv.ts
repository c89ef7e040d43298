/** CSV as spreadsheets write it: RFC 4180, with or without a header. */
import { CsvError, parse } from 'csv-parse/sync'
import type { NewUserInput } from '#admin/admin.ts'
import { usage } from './run.ts'

const rowsMax = 100_000
const columns = ['address', 'name', 'aliases']

/** Rows with the columns address, name, aliases (separated by spaces or semicolons), by header or in this order. */
export const parseUsers = (csv: string): NewUserInput[] => parseTable(csv, columns).map(userOf)

/** The value of a column in one row, empty where it has none. */
export type RowOf = (title: string) => string

/**
 * @param columns in the order they have without a header
 * @param others columns that may be there and are not looked at
 */
export function parseTable(csv: string, columns: readonly string[], others: readonly string[] = []): RowOf[] {
  const [first, ...rest] = parseRows(csv)
  if (!first) throw usage('the file has no rows')
  const header = first.map((title) => title.trim().toLowerCase())
  const titled = header.includes('address')
  const unknown = titled ? header.find((title) => ![...columns, ...others].includes(title)) : undefined
  if (unknown !== undefined) throw usage(`no column is called "${unknown}"; there are ${columns.join(', ')}`)
  const titles = titled ? header : columns
  const rows = titled ? rest : [first, ...rest]
  if (rows.length > rowsMax) throw usage(`a file has at most ${rowsMax} rows`)
  return rows.map((row) => (title) => row[titles.indexOf(title)] ?? '')
}

/** @throws Fault admin.usage where it is no CSV */
export function parseRows(csv: string): string[][] {
  try {
    return parse(csv, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: 65_536,
    })
  } catch (error) {
    if (error instanceof CsvError) throw usage(error.message)
    throw error
  }
}

function userOf(value: RowOf): NewUserInput {
  const aliases = value('aliases')
    .split(/[\s;,]+/)
    .filter((alias) => alias !== '')
  return { address: value('address'), displayName: value('name'), aliases }
}

export const csvLine = (values: readonly string[]): string =>
  `${values.map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\r\n`
