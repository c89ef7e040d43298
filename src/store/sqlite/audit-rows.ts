/** How a line comes to the end of the audit log: inside the writer's transaction, so that there is one chain. */
import { chained, emptyHead, headAfter } from '#audit/chain.ts'
import type { AuditEntry, AuditHead } from '#audit/line.ts'
import type { Db } from './database.ts'
import { findFact, putFact } from './installation-rows.ts'

/** 8 bytes of number, then the hash. */
const headName = 'audit_head'

export function readHead(db: Db): AuditHead {
  const value = findFact(db, headName)
  if (!value) return emptyHead
  const seq = Number(new DataView(value.slice().buffer).getBigUint64(0))
  return { seq, hash: value.slice(8) }
}

function writeHead(db: Db, { seq, hash }: AuditHead): void {
  const value = new Uint8Array(8 + hash.length)
  new DataView(value.buffer).setBigUint64(0, BigInt(seq))
  value.set(hash, 8)
  putFact(db, headName, value)
}

/** Returns the number of the first line. */
export function appendLines(db: Db, entries: readonly AuditEntry[]): number {
  let head = readHead(db)
  const first = head.seq + 1
  for (const entry of entries) {
    const line = chained(head, entry)
    db.run(
      'INSERT INTO audit_line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ...[line.seq, line.atMs, line.who, line.role, line.from, line.what],
      ...[line.on, line.change, line.outcome, line.answers, line.previous, line.hash],
    )
    head = headAfter(line)
  }
  writeHead(db, head)
  return first
}
