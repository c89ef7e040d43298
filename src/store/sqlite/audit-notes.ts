/**
 * What the database has noted of keys during a transaction becomes lines of the audit log before that transaction ends:
 * no code that changes a key can forget to say so, and a key that changed has its line on the same disk.
 */
import type { AuditEntry } from '#audit/line.ts'
import { appendLines } from './audit-rows.ts'
import type { Db } from './database.ts'

interface Note {
  what: string
  subject: string
  change: string
}

const entryOf = ({ what, subject, change }: Note, atMs: number): AuditEntry => ({
  atMs,
  who: 'system',
  role: 'system',
  from: 'server',
  what,
  on: subject,
  change,
  outcome: 'ok',
  answers: null,
})

/** To be called in the transaction that sealed values anew: the keys in them are the same as before. */
export const forgetSealedAnew = (db: Db): void =>
  void db.run("DELETE FROM audit_note WHERE what IN ('certificate.renewed', 'secret.replaced')")

export function writeNotes(db: Db, nowMs: () => number): void {
  const notes = db.all<Note>('SELECT what, subject, change FROM audit_note ORDER BY id')
  if (notes.length === 0) return
  db.run('DELETE FROM audit_note')
  const atMs = nowMs()
  appendLines(
    db,
    notes.map((note) => entryOf(note, atMs)),
  )
}
