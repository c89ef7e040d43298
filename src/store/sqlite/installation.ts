import type { InstallationStore } from '../installation.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db } from './database.ts'

const generationName = 'generation'
const perGeneration = 2 ** 32

export const installation: Aggregate<InstallationStore> = {
  reads: ['find', 'generation'],
  make: (db) => ({
    find: (name) => find(db, name),
    keepFirst: (name, value) => {
      db.run('INSERT INTO installation VALUES (?, ?) ON CONFLICT DO NOTHING', name, value)
      return find(db, name) ?? value
    },
    put: (name, value) => void put(db, name, value),
    nextNumber: (name) => {
      const key = `number:${name}`
      const next = Math.max(readNumber(db, key), storedGeneration(db) * perGeneration) + 1
      put(db, key, numberBytes(next))
      return next
    },
    generation: () => storedGeneration(db),
    raiseGeneration: () => {
      const next = storedGeneration(db) + 1
      put(db, generationName, numberBytes(next))
      return next
    },
  }),
}

/** How often this database was restored. */
export const storedGeneration = (db: Db): number => readNumber(db, generationName)

const find = (db: Db, name: string): Uint8Array | null =>
  db.one<{ value: Uint8Array }>('SELECT value FROM installation WHERE name = ?', name)?.value ?? null

const put = (db: Db, name: string, value: Uint8Array): number =>
  db.run(
    'INSERT INTO installation VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    name,
    value,
  )

function readNumber(db: Db, name: string): number {
  const value = find(db, name)
  return value ? Number(Buffer.from(value).readBigUInt64BE()) : 0
}

function numberBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
