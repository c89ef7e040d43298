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
    takeNumbers: (name, count) => {
      const key = `number:${name}`
      const last = Math.max(readNumber(db, key), storedGeneration(db) * perGeneration)
      putNumber(db, key, last + count)
      return last + 1
    },
    lastNumber: (name) => readNumber(db, `number:${name}`),
    generation: () => storedGeneration(db),
    raiseGeneration: () => raiseStoredGeneration(db),
    continueAfterRestore: (restore) => continueAfterRestore(db, restore),
  }),
}
