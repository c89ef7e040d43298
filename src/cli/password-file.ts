/** The file that passwords are written to: a new one, for its owner alone, or one that was begun and is gone on with. */
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Fault } from '#kernel/fault.ts'
import { fileFault } from '#kernel/file-fault.ts'
import { csvLine, parseRows } from './csv.ts'

export interface PasswordFile {
  /** Addresses that are in it and need nothing any more. */
  readonly done: ReadonlySet<string>
  write(values: readonly string[]): void
}

/** Addresses as people write them, compared. */
export const sameAddress = (typed: string): string => typed.trim().toLowerCase()

/** @throws Fault admin.file where it exists already or cannot be made */
export function newPasswordFile(cwd: string, file: string, titles: readonly string[]): PasswordFile {
  const path = resolve(cwd, file)
  try {
    writeFileSync(path, csvLine(titles), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    throw fileFault(file, error)
  }
  return { done: new Set(), write: (values) => appendFileSync(path, csvLine(values)) }
}

/**
 * A line that a crash cut short is dropped: its user has a row of results nowhere and gets another password.
 * @param failed the word in the last column of rows that are to be tried again
 * @throws Fault admin.file
 */
export function begunPasswordFile(
  cwd: string,
  file: string,
  titles: readonly string[],
  failed: string,
): PasswordFile {
  const path = resolve(cwd, file)
  try {
    if ((statSync(path).mode & 0o077) !== 0) throw new Error('it may be read by others')
    const text = readFileSync(path, 'utf8')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    truncateSync(path, Buffer.byteLength(whole))
    const [first = [], ...rows] = whole === '' ? [] : parseRows(whole)
    if (first.join() !== titles.join()) throw new Error('it was not made by this command')
    const done = rows
      .filter((row) => !row.at(-1)?.startsWith(failed))
      .map(([address = '']) => sameAddress(address))
    return { done: new Set(done), write: (values) => appendFileSync(path, csvLine(values)) }
  } catch (error) {
    const why = error instanceof Error ? `${file}: ${error.message}` : file
    throw new Fault('admin.file', why, error)
  }
}
