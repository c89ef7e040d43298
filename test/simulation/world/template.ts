/** An installation after its first start: searching for its RSA keys takes longer than a hundred seeds. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '#config/load.ts'
import { silentLog } from '#kernel/log.ts'
import { openDatabase } from '#store/sqlite/database.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import { compose } from '../../../src/compose.ts'
import { machineEdge } from '../../../src/roles/edge.ts'
import { settingsOf } from './sim-server.ts'

/** When every simulation begins. */
export const startMs = Date.UTC(2026, 0, 5, 8, 0, 0)

/** The installation is older than any date that somebody may set. */
const madeMs = startMs - 30 * 86_400_000

/** Commits reach the disk in the store's own time; a disk in memory makes that short and changes nothing else. */
export const fastDirectory = (): string =>
  mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'postkey-simulation-'))

export async function makeTemplate(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'imap.password'), 'not-asked-for\n', { mode: 0o600 })
  const loaded = loadConfig({ set: settingsOf(directory, []), env: {}, cwd: directory })
  const machine = machineEdge()
  const clock = { ...machine.clock, nowMs: () => madeMs }
  const running = await compose(loaded, ['relay'], {
    log: silentLog,
    edge: {
      ...machine,
      clock,
      openStore: ({ path, onMigrated }) =>
        openSqliteStore({ path, writer: 'inline', nowMs: clock.nowMs, onMigrated }),
      startRelayServer: async () => ({
        port: 1,
        postOffice: { bounced: async () => {} },
        sessions: () => ({ device: 0, server: 0 }),
        close: async () => {},
      }),
      serveAdmin: async () => ({ close: async () => {} }),
    },
  })
  await running.close()
  // One file: what is still in the log beside it would not be copied.
  const db = openDatabase(loaded.config.store.path, 'write')
  db.script('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}

export function copyTemplate(template: string, directory: string): void {
  mkdirSync(directory, { recursive: true })
  for (const file of ['postkey.db', 'storage.key', 'imap.password'])
    copyFileSync(join(template, file), join(directory, file))
}
