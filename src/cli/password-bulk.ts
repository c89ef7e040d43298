/** Passwords for many users of a CSV file or a group, into another file or by mail; it can be repeated and gone on with. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { BulkPasswordResult, BulkPasswordRow, BulkPasswordTerms } from '#admin/admin.ts'
import { faultRow, isFaultCode } from '#kernel/fault.ts'
import { fileFault } from '#kernel/file-fault.ts'
import { parseTable } from './csv.ts'
import { begunPasswordFile, newPasswordFile, type PasswordFile, sameAddress } from './password-file.ts'
import { startProgress } from './progress.ts'
import { type Run, usage } from './run.ts'
import { count } from './text.ts'
import { localIso } from './time.ts'

/** Whose passwords: the rows of a file (- for standard input), or the users of a group. */
export type BulkSource = { readonly csv: string } | { readonly group: string }

interface Options {
  readonly output?: string
  readonly resume?: boolean
  readonly dryRun?: boolean
}

const titles = ['address', 'password', 'expires', 'result']

export async function generateMany(
  run: Run,
  from: BulkSource,
  terms: BulkPasswordTerms,
  options: Options,
): Promise<void> {
  const rows =
    'csv' in from
      ? rowsOf(await readCsv(run, from.csv))
      : await run.admin((admin) => admin.passwords.rowsOfGroup(from.group))
  if (!terms.send && rows.some(({ to }) => to !== undefined)) throw usage('the column to goes with --send')
  if (options.dryRun) return showRows(run, rows)
  const written = outputOf(run, options)
  const left = rows.filter(({ address }) => !written?.done.has(sameAddress(address)))
  // In a file that was begun, whoever is not in it may have a password that was written nowhere.
  const replace = terms.replace === true || options.resume === true
  const hide = terms.send !== undefined && written === null
  const results: BulkPasswordResult[] = []
  try {
    await issueAll(run, left, { ...terms, replace, hide }, (result) => {
      results.push(result)
      written?.write(lineOf(run, result))
    })
  } finally {
    // Also where the server stopped half-way: what was issued until then is shown nowhere else.
    report(run, results, rows.length - left.length, options.output)
  }
}

async function issueAll(
  run: Run,
  rows: readonly BulkPasswordRow[],
  terms: BulkPasswordTerms,
  take: (result: BulkPasswordResult) => void,
): Promise<void> {
  await run.admin(async (admin) => {
    const progress = startProgress(run.terminal, 'Passwords', rows.length)
    try {
      for await (const result of admin.passwords.generateMany(rows, terms)) {
        take(result)
        progress.advance()
      }
    } finally {
      progress.stop()
    }
  })
}

function outputOf(run: Run, { output, resume }: Options): PasswordFile | null {
  if (output === undefined) return null
  return resume
    ? begunPasswordFile(run.deps.cwd, output, titles, 'failed')
    : newPasswordFile(run.deps.cwd, output, titles)
}

async function readCsv(run: Run, file: string): Promise<string> {
  if (file === '-') return text(run.terminal.stdin)
  try {
    return readFileSync(resolve(run.deps.cwd, file), 'utf8')
  } catch (error) {
    throw fileFault(file, error)
  }
}

const rowsOf = (csv: string): BulkPasswordRow[] =>
  parseTable(csv, ['address', 'pin', 'to'], ['name', 'aliases']).map((value) => ({
    address: value('address'),
    ...(value('pin') === '' ? {} : { pin: value('pin') }),
    ...(value('to') === '' ? {} : { to: value('to') }),
  }))

function showRows(run: Run, rows: readonly BulkPasswordRow[]): void {
  run.print(rows, () =>
    run.table(
      [
        { title: 'ADDRESS', value: (row) => row.address },
        { title: 'PIN', value: (row) => row.pin ?? '' },
        { title: 'TO', value: (row) => row.to ?? '', flexible: true },
      ],
      rows,
    ),
  )
  run.note(`${count(rows.length, 'user')} would get a password, unless a live one is waiting.`)
}

const lineOf = (run: Run, result: BulkPasswordResult): string[] => [
  result.address,
  result.password?.password ?? '',
  result.password === null ? '' : localIso(result.password.expiresAtMs, run.zone),
  resultWords(result),
]

function resultWords({ outcome, password, fault }: BulkPasswordResult): string {
  if (outcome === 'kept') return 'kept: a live password is waiting'
  if (fault === null) return password?.mailedTo.length ? 'issued and mailed' : 'issued'
  return `failed: ${isFaultCode(fault.code) ? faultRow(fault.code).says : fault.code}`
}

function report(
  run: Run,
  results: readonly BulkPasswordResult[],
  before: number,
  output: string | undefined,
): void {
  const shown = output === undefined ? results : results.map((result) => ({ ...result, password: null }))
  run.print(shown, () =>
    run.table(
      [
        { title: 'ROW', value: ({ index }) => String(index + 1) },
        { title: 'ADDRESS', value: ({ address }) => address },
        { title: 'PASSWORD', value: ({ password }) => password?.password ?? '' },
        { title: 'RESULT', value: resultWords, flexible: true },
      ],
      shown,
    ),
  )
  const amount = (outcome: BulkPasswordResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length
  if (output !== undefined) run.note(`Passwords are in ${output}; nothing else keeps them.`)
  if (before > 0) run.note(`${count(before, 'user')} had a row in ${output} already.`)
  const giving = results.filter(({ password }) => (password?.givingWay.length ?? 0) > 0).length
  if (giving > 0)
    run.note(
      `For ${count(giving, 'user')} the next handheld takes the place of one that works now and is not wiped by that: \`postkey handheld list\`.`,
    )
  run.note(`${amount('issued')} issued, ${amount('kept')} kept, ${amount('failed')} set aside.`)
  if (amount('failed') > 0) run.setExit('failed')
}
