/** Users as CSV: what `user import` reads and `user export` writes. */
import type { ImportRow } from '#admin/people/people.ts'
import type { UserView } from '#admin/views.ts'
import { csvLine, parseTitled, type TitledRow } from './csv.ts'

const columns = ['address', 'name', 'aliases', 'groups', 'organisation', 'enabled'] as const
type Column = (typeof columns)[number]

/** A row that could be read, or what is wrong with it; with its line in the file. */
export type UserRow =
  | { readonly line: number; readonly row: ImportRow }
  | { readonly line: number; readonly address: string; readonly wrong: string }

/**
 * Rows by a header with `address` in it, or in the order of the columns. Aliases are separated by spaces or semicolons,
 * groups by semicolons. A column that is not there says nothing; an empty one says that there is none.
 * @throws Fault admin.usage
 */
export const parseUsers = (csv: string): UserRow[] => parseTitled(csv, columns).map(userOf)

function userOf({ line, value: of }: TitledRow): UserRow {
  const value = (title: Column): string | undefined => of(title)
  const list = (title: Column, separator: RegExp): string[] | undefined =>
    value(title)
      ?.split(separator)
      .map((one) => one.trim())
      .filter((one) => one !== '')
  const address = value('address') ?? ''
  const state = (value('enabled') ?? '').toLowerCase()
  const enabled = states.get(state)
  if (enabled === undefined && state !== '')
    return { line, address, wrong: `enabled is yes or no, not ${state.slice(0, 20)}` }
  const name = value('name')
  const aliases = list('aliases', /[\s;,]+/)
  const groups = list('groups', /;/)
  const organisation = value('organisation')
  return {
    line,
    row: {
      address,
      ...(name === undefined ? {} : { displayName: name }),
      ...(aliases === undefined ? {} : { aliases }),
      ...(groups === undefined ? {} : { groups }),
      ...(organisation === undefined ? {} : { organisation }),
      ...(enabled === undefined ? {} : { enabled }),
    },
  }
}

const states: ReadonlyMap<string, boolean> = new Map([
  ...['yes', 'true', '1'].map((word) => [word, true] as const),
  ...['no', 'false', '0'].map((word) => [word, false] as const),
])

export const userCsvHeader = csvLine(columns)

export const userCsvLine = (user: UserView): string =>
  csvLine([
    user.address,
    user.displayName,
    user.aliases.join(' '),
    user.groups.join(';'),
    user.organisation,
    user.disabled ? 'no' : 'yes',
  ])
