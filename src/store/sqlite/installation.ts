import type { InstallationStore } from '../installation.ts'
import type { Aggregate } from './aggregate.ts'
import {
  findFact,
  perGeneration,
  putFact,
  putNumber,
  raiseStoredGeneration,
  readNumber,
  storedGeneration,
} from './installation-rows.ts'
import { continueAfterRestore } from './restore.ts'

export const installation: Aggregate<InstallationStore> = {
  reads: ['find', 'generation', 'lastNumber'],
  make: (db) => ({
    find: (name) => findFact(db, name),
    keepFirst: (name, value) => {
      db.run('INSERT INTO installation VALUES (?, ?) ON CONFLICT DO NOTHING', name, value)
      return findFact(db, name) ?? value
    },
    put: (name, value) => void putFact(db, name, value),
    nextNumber: (name) => {
      const key = `number:${name}`
      return putNumber(db, key, Math.max(readNumber(db, key), storedGeneration(db) * perGeneration) + 1)
    },
    lastNumber: (name) => readNumber(db, `number:${name}`),
    generation: () => storedGeneration(db),
    raiseGeneration: () => raiseStoredGeneration(db),
    continueAfterRestore: (restore) => continueAfterRestore(db, restore),
  }),
}
