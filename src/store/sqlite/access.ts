import type { AccessRule } from '#activation/access.ts'
import type { Pin } from '#kernel/brand.ts'
import type { AccessStore, KeptAccessRule } from '../access.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db } from './database.ts'

interface RuleRow {
  kind: AccessRule['kind']
  value: string
  shown: string
  created_at_ms: number
}

export const access: Aggregate<AccessStore> = {
  reads: ['list', 'deniesPin', 'deniedModels'],
  make: (db) => ({
    deny: (rule, shown, nowMs) => {
      const [kind, value] = keyOf(rule)
      db.run('INSERT INTO access_rule VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING', kind, value, shown, nowMs)
      return find(db, rule) ?? { rule, shown, createdAtMs: nowMs }
    },
    allow: (rule) => {
      const known = find(db, rule)
      db.run('DELETE FROM access_rule WHERE kind = ? AND value = ?', ...keyOf(rule))
      return known
    },
    list: () => db.all<RuleRow>('SELECT * FROM access_rule ORDER BY kind DESC, value').map(fromRow),
    deniesPin: (pin) => find(db, { kind: 'pin', pin }) !== null,
    deniedModels: () =>
      db
        .all<{ value: string }>("SELECT value FROM access_rule WHERE kind = 'model'")
        .map(({ value }) => value),
  }),
}

const keyOf = (rule: AccessRule): [AccessRule['kind'], string] => [
  rule.kind,
  rule.kind === 'pin' ? rule.pin : rule.words,
]

function find(db: Db, rule: AccessRule): KeptAccessRule | null {
  const row = db.one<RuleRow>('SELECT * FROM access_rule WHERE kind = ? AND value = ?', ...keyOf(rule))
  return row ? fromRow(row) : null
}

const fromRow = ({ kind, value, shown, created_at_ms }: RuleRow): KeptAccessRule => ({
  // Rows were written from checked values.
  rule: kind === 'pin' ? { kind, pin: value as Pin } : { kind, words: value },
  shown,
  createdAtMs: created_at_ms,
})
