import type { AccessRule, AccessSubject, AccessVerdict } from '#activation/access.ts'
import type { Pin } from '#kernel/brand.ts'
import type { AccessStore, KeptAccessRule } from '../access.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db } from './database.ts'

interface RuleRow {
  kind: AccessRule['kind']
  low: string
  high: string
  verdict: AccessVerdict
  shown: string
  created_at_ms: number
}

const byKind = "CASE kind WHEN 'pin' THEN 0 WHEN 'range' THEN 1 WHEN 'model' THEN 2 ELSE 3 END, low, high"
const rules = "SELECT * FROM access_list WHERE kind != 'default'"

export const access: Aggregate<AccessStore> = {
  reads: ['fallback', 'list', 'concerning'],
  make: (db) => ({
    put: (rule, shown, nowMs) => {
      put(db, rule.kind, ends(rule), { verdict: rule.verdict, shown, nowMs })
      return { rule, shown, createdAtMs: nowMs }
    },
    remove: (subject) => {
      const known = find(db, subject)
      db.run(
        'DELETE FROM access_list WHERE kind = ? AND low = ? AND high = ?',
        subject.kind,
        ...ends(subject),
      )
      return known
    },
    setFallback: (verdict, nowMs) => put(db, 'default', ['', ''], { verdict, shown: '', nowMs }),
    fallback: () => fallback(db),
    list: () => db.all<RuleRow>(`${rules} ORDER BY ${byKind}`).map(fromRow),
    concerning: (pin) => ({
      fallback: fallback(db),
      rules: db
        .all<RuleRow>(
          `${rules} AND (kind IN ('model', 'maker') OR (kind = 'pin' AND low = ?)
             OR (kind = 'range' AND low <= ? AND high >= ?))`,
          pin,
          pin,
          pin,
        )
        .map((row) => fromRow(row).rule),
    }),
  }),
}

function put(
  db: Db,
  kind: RuleRow['kind'] | 'default',
  [low, high]: readonly [string, string],
  { verdict, shown, nowMs }: { verdict: AccessVerdict; shown: string; nowMs: number },
): void {
  db.run(
    'INSERT OR REPLACE INTO access_list VALUES (?, ?, ?, ?, ?, ?)',
    kind,
    low,
    high,
    verdict,
    shown,
    nowMs,
  )
}

const fallback = (db: Db): AccessVerdict =>
  db.one<{ verdict: AccessVerdict }>("SELECT verdict FROM access_list WHERE kind = 'default'")?.verdict ??
  'allow'

function ends(subject: AccessSubject): [string, string] {
  if (subject.kind === 'range') return [subject.from, subject.to]
  const one = subject.kind === 'pin' ? subject.pin : subject.words
  return [one, one]
}

function find(db: Db, subject: AccessSubject): KeptAccessRule | null {
  const row = db.one<RuleRow>(
    'SELECT * FROM access_list WHERE kind = ? AND low = ? AND high = ?',
    subject.kind,
    ...ends(subject),
  )
  return row ? fromRow(row) : null
}

const fromRow = (row: RuleRow): KeptAccessRule => ({
  rule: { ...subjectOf(row), verdict: row.verdict },
  shown: row.shown,
  createdAtMs: row.created_at_ms,
})

/** Rows were written from checked values. */
function subjectOf({ kind, low, high }: RuleRow): AccessSubject {
  switch (kind) {
    case 'pin':
      return { kind, pin: low as Pin }
    case 'range':
      return { kind, from: low as Pin, to: high as Pin }
    default:
      return { kind, words: low }
  }
}
