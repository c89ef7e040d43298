/**
 * What follows when a backup becomes the database again. A backup carries a mark, so that whoever opens it as the
 * database knows: numbers that were given out since are not given out twice, and passwords that were used since
 * are not used twice.
 */
import type { InstallationStore } from '../installation.ts'
import type { Db } from './database.ts'
import { closeGrant, liveGrants } from './grant-rows.ts'
import { raiseStoredGeneration, storedGeneration } from './installation-rows.ts'

const mark = 'backup'

/** Marks the copy on `db` as a backup. */
export const markBackup = (db: Db): void =>
  void db.run("INSERT INTO installation VALUES (?, x'01') ON CONFLICT DO NOTHING", mark)

/** See `InstallationStore.continueAfterRestore`. */
export function continueAfterRestore(
  db: Db,
  { routeKeySealed, seenGeneration, nowMs }: Parameters<InstallationStore['continueAfterRestore']>[0],
): boolean {
  const marked = db.run('DELETE FROM installation WHERE name = ?', mark) > 0
  if (!marked && seenGeneration <= storedGeneration(db)) return false
  const generation = raiseStoredGeneration(db, seenGeneration)
  // The relay's began at 1; the store's is never given twice, so neither is this.
  db.run(
    'UPDATE relay_identity SET generation = max(generation, ?) + 1, route_key_sealed = ?, restored_at_ms = ?',
    ...[generation, routeKeySealed, nowMs],
  )
  db.run(
    "INSERT INTO audit_note(what, subject, change) VALUES ('installation.restored', '', ?)",
    JSON.stringify({ after: { generation } }),
  )
  for (const grant of liveGrants(db)) closeGrant(db, grant, 'revoked', 'grant.revoked', nowMs)
  return true
}
