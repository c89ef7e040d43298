/** Many users from a CSV file; a row that cannot be added is set aside and named, the rest goes on. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { ImportResult, NewUserInput } from '#admin/admin.ts'
import { Fault, faultRow, isFaultCode } from '#kernel/fault.ts'
import { parseUsers } from '../csv.ts'
import { newPasswordFile } from '../password-file.ts'
import { startProgress } from '../progress.ts'
import type { Run } from '../run.ts'
import { count } from '../text.ts'
import { localIso } from '../time.ts'
import type { AddOptions } from './user.ts'

export async function importUsers(run: Run, file: string, options: AddOptions): Promise<void> {
  const rows = parseUsers(await readCsv(run, file))
  if (options.dryRun) return showRows(run, rows)
  const written = options.output === undefined ? null : passwordWriter(run, options.output)
  const results: ImportResult[] = []
  try {
    await importAll(run, rows, options, (result) => {
      results.push(result)
      written?.(result)
    })
  } finally {
    // Also where the server stopped half-way: what was issued until then is shown nowhere else.
    report(run, rows, results, options)
  }
}

async function importAll(
  run: Run,
  rows: readonly NewUserInput[],
  { hours, passwords }: AddOptions,
  take: (result: ImportResult) => void,
): Promise<void> {
  const terms = hours === undefined ? {} : { hours }
  await run.admin(async (admin) => {
    const progress = startProgress(run.terminal, 'Adding users', rows.length)
    try {
      for await (const result of admin.users.import(rows, passwords ? terms : undefined)) {
        take(result)
        progress.advance()
      }
    } finally {
      progress.stop()
    }
  })
}

async function readCsv(run: Run, file: string): Promise<string> {
  if (file === '-') return text(run.terminal.stdin)
  try {
    return readFileSync(resolve(run.deps.cwd, file), 'utf8')
  } catch (error) {
    throw new Fault('admin.file', file, error)
  }
}

function showRows(run: Run, rows: readonly NewUserInput[]): void {
  run.print(rows, () =>
    run.table(
      [
        { title: 'ADDRESS', value: (row) => row.address },
        { title: 'NAME', value: (row) => row.displayName ?? '', flexible: true },
        { title: 'ALIASES', value: (row) => (row.aliases ?? []).join(' '), flexible: true },
      ],
      rows,
    ),
  )
  run.note(`${count(rows.length, 'user')} would be added.`)
}

function report(
  run: Run,
  rows: readonly NewUserInput[],
  results: readonly ImportResult[],
  { output }: AddOptions,
): void {
  const shown = results.map((result) => (output === undefined ? result : { ...result, password: null }))
  run.print(shown, () => resultTable(run, shown))
  if (output !== undefined) run.note(`Passwords are in ${output}; nothing else keeps them.`)
  const added = results.filter((result) => result.added).length
  const failed = results.filter(({ fault }) => fault !== null).length
  run.note(`${count(added, 'user')} of ${rows.length} added, ${failed} set aside.`)
  if (failed > 0) run.setExit('failed')
}

const resultTable = (run: Run, results: readonly ImportResult[]): string =>
  run.table(
    [
      { title: 'ROW', value: ({ index }) => String(index + 1) },
      { title: 'ADDRESS', value: ({ address }) => address },
      { title: 'PASSWORD', value: ({ password }) => password?.password ?? '' },
      { title: 'RESULT', value: resultWords, flexible: true },
    ],
    results,
  )

function resultWords({ added, fault }: ImportResult): string {
  if (fault === null) return 'added'
  const says = isFaultCode(fault.code) ? faultRow(fault.code).says : fault.code
  return added ? `added without a password: ${says}` : says
}

/** How the password of a result is written to a new file. @throws Fault admin.file where it exists already */
function passwordWriter(run: Run, output: string): (result: ImportResult) => void {
  const file = newPasswordFile(run.deps.cwd, output, ['address', 'password', 'expires'])
  return ({ address, password }) => {
    if (password === null) return
    file.write([address, password.password ?? '', localIso(password.expiresAtMs, run.zone)])
  }
}
