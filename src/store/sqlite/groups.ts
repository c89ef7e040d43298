import { foldedName } from '#kernel/folded.ts'
import type { Group, GroupStore, NewGroup } from '../groups.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db } from './database.ts'
import { findUsers } from './user-rows.ts'

interface GroupRow {
  id: number
  name: string
  description: string
  created_at_ms: number
  members: number
}

const selectGroup = `SELECT g.*, (SELECT count(*) FROM group_member m WHERE m.group_id = g.id) AS members
  FROM user_group g`

export const groups: Aggregate<GroupStore> = {
  reads: ['list', 'byId', 'byName', 'ofUser', 'memberships', 'users', 'userIds'],
  make: (db) => ({
    create: (group) => create(db, group),
    change: (id, { name, description }) => {
      const known = byId(db, id)
      if (!known) return 'unknown'
      const other = name === undefined ? null : byName(db, name)
      if (other && other.id !== id) return 'taken'
      const next = { name: name ?? known.name, description: description ?? known.description }
      db.run(
        'UPDATE user_group SET name = ?, folded = ?, description = ? WHERE id = ?',
        next.name,
        foldedName(next.name),
        next.description,
        id,
      )
      return 'done'
    },
    remove: (id) => db.run('DELETE FROM user_group WHERE id = ?', id) > 0,
    list: () => db.all<GroupRow>(`${selectGroup} ORDER BY g.folded`).map(fromRow),
    byId: (id) => byId(db, id),
    byName: (name) => byName(db, name),
    addMembers: (id, userIds) => sum(userIds, (userId) => addMember(db, id, userId, false)),
    removeMembers: (id, userIds) =>
      sum(userIds, (userId) =>
        db.run('DELETE FROM group_member WHERE group_id = ? AND user_id = ?', id, userId),
      ),
    ofUser: (userId) =>
      db
        .all<GroupRow>(
          `${selectGroup} WHERE g.id IN (SELECT group_id FROM group_member WHERE user_id = ?) ORDER BY g.folded`,
          userId,
        )
        .map(fromRow),
    memberships: (userIds) =>
      db
        .all<{ user_id: number; group_id: number; by_directory: number }>(
          'SELECT * FROM group_member WHERE user_id IN (SELECT value FROM json_each(?))',
          JSON.stringify(userIds),
        )
        .map((row) => ({ userId: row.user_id, groupId: row.group_id, byDirectory: row.by_directory === 1 })),
    users: (groupId, page) => findUsers(db, { groupId }, page),
    userIds: (id) =>
      db
        .all<{ user_id: number }>('SELECT user_id FROM group_member WHERE group_id = ? ORDER BY user_id', id)
        .map(({ user_id }) => user_id),
  }),
}

function create(db: Db, { name, description, nowMs }: NewGroup): number | null {
  if (byName(db, name)) return null
  return db.insert(
    'INSERT INTO user_group(name, folded, description, created_at_ms) VALUES (?, ?, ?, ?)',
    name,
    foldedName(name),
    description,
    nowMs,
  )
}

/** Returns how many rows that made; a user who is gone makes none. */
export const addMember = (db: Db, groupId: number, userId: number, byDirectory: boolean): number =>
  db.run(
    `INSERT INTO group_member(group_id, user_id, by_directory) SELECT g.id, u.id, ? FROM user_group g, user u
     WHERE g.id = ? AND u.id = ? ON CONFLICT DO NOTHING`,
    byDirectory ? 1 : 0,
    groupId,
    userId,
  )

const byId = (db: Db, id: number): Group | null => found(db.one(`${selectGroup} WHERE g.id = ?`, id))

const byName = (db: Db, name: string): Group | null =>
  found(db.one(`${selectGroup} WHERE g.folded = ?`, foldedName(name)))

const found = (row: GroupRow | undefined): Group | null => (row ? fromRow(row) : null)

const fromRow = ({ id, name, description, created_at_ms, members }: GroupRow): Group => ({
  id,
  name,
  description,
  members,
  createdAtMs: created_at_ms,
})

const sum = (ids: readonly number[], of: (id: number) => number): number =>
  ids.reduce((total, id) => total + of(id), 0)
