import type { KeptPolicy, NewPolicy, PolicyChange, PolicyStore, PolicyTarget, Reach } from '../policies.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db } from './database.ts'

interface PolicyRow {
  id: number
  name: string
  rank: number | null
  revision: number
  rules: string
  created_at_ms: number
  changed_at_ms: number
}

const columns = 'p.id, p.name, p.rank, p.revision, p.rules, p.created_at_ms, p.changed_at_ms'

export const policies: Aggregate<PolicyStore> = {
  reads: ['list', 'find', 'revisions', 'assignments', 'reachOf', 'handheldsReached'],
  make: (db) => ({
    list: () =>
      db.all<PolicyRow>(`SELECT ${columns} FROM it_policy p ORDER BY p.rank IS NULL, p.rank`).map(fromRow),
    find: (name) => {
      const row = db.one<PolicyRow>(`SELECT ${columns} FROM it_policy p WHERE p.name = ?`, name)
      return row ? fromRow(row) : null
    },
    create: (policy) => create(db, policy),
    change: (change) => changeRules(db, change),
    rename: (id, name) => {
      if (db.one('SELECT 1 FROM it_policy WHERE name = ? AND id != ?', name, id)) return false
      return db.run('UPDATE it_policy SET name = ? WHERE id = ?', name, id) > 0
    },
    remove: (id) => void db.run('DELETE FROM it_policy WHERE id = ? AND rank IS NOT NULL', id),
    setRank: (id, rank) => setRank(db, id, rank),
    revisions: (id) =>
      db
        .all<{ revision: number; rules: string; at_ms: number; note: string }>(
          'SELECT revision, rules, at_ms, note FROM it_policy_revision WHERE policy_id = ? ORDER BY revision DESC',
          id,
        )
        .map(({ rules, at_ms, ...rest }) => ({ ...rest, rules: JSON.parse(rules), atMs: at_ms })),
    assign: (id, target) => assign(db, id, target),
    unassign: (id, target) => unassign(db, id, target),
    assignments: () =>
      db.all<{ policyId: number; kind: 'group' | 'user'; name: string }>(
        `SELECT policy_id AS policyId, 'group' AS kind, g.name FROM it_policy_group JOIN user_group g ON g.id = group_id
         UNION ALL
         SELECT policy_id, 'user', a.address FROM it_policy_user u JOIN user_address a ON a.user_id = u.user_id AND a.main = 1
         ORDER BY 2, 3`,
      ),
    reachOf: (userId) => {
      const row = db.one<ReachRow>(`SELECT ${reachOf('u.id')} FROM user u WHERE u.id = ?`, userId)
      return row ? reachFromRow(row) : { policies: [], removedBooks: [] }
    },
    handheldsReached: (id) =>
      db.one<{ n: number }>(
        `SELECT count(*) AS n FROM handheld h WHERE h.state = 'active' AND (
           EXISTS (SELECT 1 FROM it_policy WHERE id = ? AND rank IS NULL)
           OR h.user_id IN (SELECT user_id FROM it_policy_user WHERE policy_id = ?)
           OR h.user_id IN (SELECT m.user_id FROM group_member m JOIN it_policy_group t ON t.group_id = m.group_id
                            WHERE t.policy_id = ?))`,
        ...[id, id, id],
      )?.n ?? 0,
    setBookRemoved: (userId, cid, removed) =>
      db.run(
        removed
          ? 'INSERT INTO removed_book VALUES (?, ?) ON CONFLICT DO NOTHING'
          : 'DELETE FROM removed_book WHERE user_id = ? AND cid = ?',
        userId,
        cid,
      ) > 0,
  }),
}

export interface ReachRow {
  policies: string
  books: string
}

/** Two columns for the user whose id is `user`. */
export const reachOf = (user: string): string => `
  (SELECT json_group_array(json_object('id', id, 'group', name)) FROM (
     SELECT policy_id AS id, NULL AS name FROM it_policy_user WHERE user_id = ${user}
     UNION ALL
     SELECT t.policy_id, g.name FROM group_member m JOIN it_policy_group t ON t.group_id = m.group_id
       JOIN user_group g ON g.id = m.group_id WHERE m.user_id = ${user})) AS policies,
  (SELECT json_group_array(cid) FROM removed_book WHERE user_id = ${user}) AS books`

export const reachFromRow = ({ policies, books }: ReachRow): Reach => ({
  policies: JSON.parse(policies) as Reach['policies'],
  removedBooks: JSON.parse(books) as string[],
})

const fromRow = (row: PolicyRow): KeptPolicy => ({
  id: row.id,
  name: row.name,
  rank: row.rank,
  revision: row.revision,
  rules: JSON.parse(row.rules) as KeptPolicy['rules'],
  createdAtMs: row.created_at_ms,
  changedAtMs: row.changed_at_ms,
})

function create(db: Db, { name, rules, note, nowMs }: NewPolicy): number | null {
  if (db.one('SELECT 1 FROM it_policy WHERE name = ?', name)) return null
  const id = db.insert(
    `INSERT INTO it_policy(name, rank, revision, rules, created_at_ms, changed_at_ms)
     VALUES (?, (SELECT ifnull(max(rank), 0) + 1 FROM it_policy), 1, ?, ?, ?)`,
    ...[name, JSON.stringify(rules), nowMs, nowMs],
  )
  keepRevision(db, id, nowMs, note)
  return id
}

function changeRules(db: Db, { id, expected, rules, note, nowMs }: PolicyChange): boolean {
  const changed = db.run(
    'UPDATE it_policy SET rules = ?, revision = revision + 1, changed_at_ms = ? WHERE id = ? AND revision = ?',
    ...[JSON.stringify(rules), nowMs, id, expected],
  )
  if (changed === 0) return false
  keepRevision(db, id, nowMs, note)
  return true
}

const keepRevision = (db: Db, id: number, nowMs: number, note: string): void =>
  void db.run(
    'INSERT INTO it_policy_revision SELECT id, revision, rules, ?, ? FROM it_policy WHERE id = ?',
    nowMs,
    note,
    id,
  )

function setRank(db: Db, id: number, rank: number): void {
  const others = db
    .all<{ id: number }>('SELECT id FROM it_policy WHERE rank IS NOT NULL AND id != ? ORDER BY rank', id)
    .map((row) => row.id)
  for (const [index, one] of others.toSpliced(Math.max(0, rank - 1), 0, id).entries())
    db.run('UPDATE it_policy SET rank = ? WHERE id = ? AND rank IS NOT NULL', index + 1, one)
}

function groupId(db: Db, name: string): number | null {
  return db.one<{ id: number }>('SELECT id FROM user_group WHERE name = ?', name)?.id ?? null
}

function assign(db: Db, id: number, target: PolicyTarget): boolean | null {
  if (target.kind === 'user')
    return db.run('INSERT INTO it_policy_user VALUES (?, ?) ON CONFLICT DO NOTHING', id, target.userId) > 0
  const group = groupId(db, target.name)
  if (group === null) return null
  return db.run('INSERT INTO it_policy_group VALUES (?, ?) ON CONFLICT DO NOTHING', id, group) > 0
}

function unassign(db: Db, id: number, target: PolicyTarget): boolean {
  if (target.kind === 'user')
    return db.run('DELETE FROM it_policy_user WHERE policy_id = ? AND user_id = ?', id, target.userId) > 0
  const group = groupId(db, target.name)
  return (
    group !== null &&
    db.run('DELETE FROM it_policy_group WHERE policy_id = ? AND group_id = ?', id, group) > 0
  )
}
