/** Facts of the installation as rows, numbers among them as 8 bytes. */
import type { Db } from './database.ts'

const generationName = 'generation'
export const perGeneration = 2 ** 32

export const findFact = (db: Db, name: string): Uint8Array | null =>
  db.one<{ value: Uint8Array }>('SELECT value FROM installation WHERE name = ?', name)?.value ?? null

export const putFact = (db: Db, name: string, value: Uint8Array): number =>
  db.run(
    'INSERT INTO installation VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    name,
    value,
  )

export function readNumber(db: Db, name: string): number {
  const value = findFact(db, name)
  return value ? Number(Buffer.from(value).readBigUInt64BE()) : 0
}

export function putNumber(db: Db, name: string, value: number): number {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  putFact(db, name, bytes)
  return value
}

/** How often this database was restored. */
export const storedGeneration = (db: Db): number => readNumber(db, generationName)

/** Above what is stored, and above `seen`. */
export const raiseStoredGeneration = (db: Db, seen = 0): number =>
  putNumber(db, generationName, Math.max(storedGeneration(db), seen) + 1)
