/** Bodies: immutable bytes in pieces, shared by every copy of a message. */
import { assert } from '#kernel/assert.ts'
import { concat } from '#kernel/bytes.ts'
import type { MessageDescription, MessagePart } from '../mail.ts'
import type { Db } from './database.ts'

const chunkBytes = 256 * 1024
/** Pieces a body may have: the row number is body id * 1024 + piece, which saves an index. */
const chunksMax = 1024

interface DescriptionColumns {
  envelope: Uint8Array
  body: Uint8Array
  body_structure: Uint8Array
  parts: string
  etp: number
}

export function insertBody(db: Db, raw: Uint8Array): number {
  assert(raw.length <= chunkBytes * chunksMax, 'a message is far below the store maximum')
  const id = db.insert('INSERT INTO mail_body (size) VALUES (?)', raw.length)
  for (let number = 0; number * chunkBytes < raw.length; number += 1) {
    const piece = raw.subarray(number * chunkBytes, (number + 1) * chunkBytes)
    db.run('INSERT INTO mail_chunk (id, bytes) VALUES (?, ?)', id * chunksMax + number, piece)
  }
  return id
}

/** A body that is gone keeps nothing; one that is described stays as it is. */
export function keepDescription(db: Db, bodyId: number, description: MessageDescription): void {
  db.run(
    `INSERT INTO mail_description (body_id, etp, envelope, body, body_structure, parts)
      SELECT id, ?, ?, ?, ?, ? FROM mail_body WHERE id = ? ON CONFLICT DO NOTHING`,
    description.etp ? 1 : 0,
    description.envelope,
    description.body,
    description.bodyStructure,
    JSON.stringify(description.root),
    bodyId,
  )
}

/** Removes those of `ids` that no message uses any more. */
export function dropUnusedBodies(db: Db, ids: Iterable<number>): void {
  for (const id of new Set(ids)) {
    if (db.one('SELECT 1 FROM mail_message WHERE body_id = ? LIMIT 1', id)) continue
    db.run('DELETE FROM mail_chunk WHERE id >= ? AND id < ?', id * chunksMax, (id + 1) * chunksMax)
    db.run('DELETE FROM mail_body WHERE id = ?', id)
  }
}

export function describeBody(db: Db, bodyId: number): MessageDescription | null {
  const sql = 'SELECT envelope, body, body_structure, parts, etp FROM mail_description WHERE body_id = ?'
  const row = db.one<DescriptionColumns>(sql, bodyId)
  if (!row) return null
  return {
    envelope: row.envelope,
    body: row.body,
    bodyStructure: row.body_structure,
    root: JSON.parse(row.parts) as MessagePart,
    etp: row.etp === 1,
  }
}

export function readBodyBytes(db: Db, bodyId: number, offset: number, length: number): Uint8Array | null {
  const body = db.one<{ size: number }>('SELECT size FROM mail_body WHERE id = ?', bodyId)
  if (!body) return null
  const end = Math.min(offset + length, body.size)
  if (offset >= end) return new Uint8Array(0)
  const first = Math.floor(offset / chunkBytes)
  const last = Math.floor((end - 1) / chunkBytes)
  const sql = 'SELECT bytes FROM mail_chunk WHERE id BETWEEN ? AND ? ORDER BY id'
  const rows = db.all<{ bytes: Uint8Array }>(sql, bodyId * chunksMax + first, bodyId * chunksMax + last)
  const pieces = rows.map(({ bytes }) => bytes)
  const bytes = pieces.length === 1 && pieces[0] ? pieces[0] : concat(...pieces)
  return bytes.subarray(offset - first * chunkBytes, end - first * chunkBytes)
}
