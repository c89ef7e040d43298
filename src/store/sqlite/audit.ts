import type { AuditLine } from '#audit/line.ts'
import type { AuditAct, AuditFilter, AuditStore } from '../audit.ts'
import type { Aggregate } from './aggregate.ts'
import { appendLines, readHead } from './audit-rows.ts'
import type { Db, SqlValue } from './database.ts'

interface LineRow {
  seq: number
  at_ms: number
  who: string
  role: string
  source: string
  what: string
  subject: string
  change: string
  outcome: string
  answers: number | null
  previous: Uint8Array
  hash: Uint8Array
}

export const audit: Aggregate<AuditStore> = {
  reads: ['acts', 'lines', 'head'],
  make: (db) => ({
    append: (entries) => appendLines(db, entries),
    acts: (filter) => acts(db, filter),
    lines: (after, limit) =>
      db
        .all<LineRow>('SELECT * FROM audit_line WHERE seq > ? ORDER BY seq LIMIT ?', after, limit)
        .map(fromRow),
    head: () => readHead(db),
  }),
}

function acts(db: Db, filter: AuditFilter): AuditAct[] {
  const [where, values] = conditions(filter)
  const rows = db.all<LineRow>(
    `SELECT * FROM audit_line WHERE answers IS NULL${where} ORDER BY seq DESC LIMIT ?`,
    ...values,
    filter.limit,
  )
  return rows.reverse().map((row) => {
    const answer = db.one<LineRow>('SELECT * FROM audit_line WHERE answers = ?', row.seq)
    return { line: fromRow(row), answer: answer ? fromRow(answer) : null }
  })
}

function conditions({ who, on, orNaming, what, sinceMs }: AuditFilter): [string, SqlValue[]] {
  const wanted: [string, ...SqlValue[]][] = []
  if (who !== undefined) wanted.push(['(who = ? OR substr(who, instr(who, ?) + 1) = ?)', who, ':', who])
  if (on !== undefined) {
    const marks = on.map(() => '?').join(', ')
    const naming = orNaming === undefined ? '' : ' OR instr(change, ?) > 0'
    const its = `(subject IN (${marks})${naming})`
    const values = [...on, ...(orNaming === undefined ? [] : [JSON.stringify(orNaming)])]
    wanted.push([
      `(${its} OR seq IN (SELECT answers FROM audit_line WHERE answers IS NOT NULL AND ${its}))`,
      ...values,
      ...values,
    ])
  }
  if (what !== undefined)
    wanted.push(['(what = ? OR substr(what, 1, ?) = ?)', what, what.length + 1, `${what}.`])
  if (sinceMs !== undefined) wanted.push(['at_ms >= ?', sinceMs])
  return [wanted.map(([sql]) => ` AND ${sql}`).join(''), wanted.flatMap(([, ...values]) => values)]
}

const fromRow = (row: LineRow): AuditLine => ({
  seq: row.seq,
  atMs: row.at_ms,
  who: row.who,
  role: row.role,
  from: row.source,
  what: row.what,
  on: row.subject,
  change: row.change,
  outcome: row.outcome,
  answers: row.answers,
  previous: row.previous,
  hash: row.hash,
})
