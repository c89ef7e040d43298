/** A store of its own for one test, in a directory that goes with it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openSqliteStore, type SqliteOptions } from '#store/sqlite/open.ts'
import type { Store } from '#store/store.ts'

/** What outlives its work no longer than this: a test, or a program that counts as one. */
export type Scope = Pick<TestContext, 'after'>

/** A new directory, removed when the test has ended. */
export function temporaryDirectory(t: Scope): string {
  const directory = mkdtempSync(join(tmpdir(), 'postkey-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** An empty store, closed when the test has ended. */
export function openTestStore(t: TestContext, options: Partial<SqliteOptions> = {}): Store {
  const path = join(temporaryDirectory(t), 'postkey.db')
  const store = openSqliteStore({ path, writer: 'inline', nowMs: () => Date.now(), ...options })
  t.after(() => store.close())
  return store
}
