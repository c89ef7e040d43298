/** How many transactions SQLite has committed, counted from outside in its write-ahead log (sqlite.org/fileformat2, section 4). */
import { readFileSync } from 'node:fs'

export interface WalMark {
  /** Changes when the log begins anew, which loses the count. */
  readonly salt: string
  readonly commits: number
}

const headerBytes = 32
const frameHeaderBytes = 24

export function readWal(path: string): WalMark {
  const wal = readFileSync(path)
  if (wal.length < headerBytes) return { salt: '', commits: 0 }
  const frameBytes = frameHeaderBytes + wal.readUInt32BE(8)
  const salt = wal.toString('hex', 16, 24)
  let commits = 0
  for (let at = headerBytes; at + frameBytes <= wal.length; at += frameBytes) {
    if (wal.toString('hex', at + 8, at + 16) !== salt) break
    // The last frame of a transaction says how large the database is after it.
    if (wal.readUInt32BE(at + 4) > 0) commits += 1
  }
  return { salt, commits }
}

/** Commits between two looks, or null where the log began anew meanwhile. */
export const commitsBetween = (before: WalMark, after: WalMark): number | null =>
  before.salt === after.salt ? after.commits - before.commits : null
