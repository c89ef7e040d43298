import type { RetentionStore, RetentionTerms } from '../retention.ts'
import type { Aggregate } from './aggregate.ts'
import type { SqlValue } from './database.ts'

/** As many packets back as the replay window reaches (docs/protocol.md, "Packets"); older ones are never answered. */
const windowSize = 1024

export const retention: Aggregate<RetentionStore> = {
  reads: [],
  make: (db) => ({
    forget: (terms) => portions(terms).reduce((rows, [sql, ...values]) => rows + db.run(sql, ...values), 0),
  }),
}

function portions({ messagesBeforeMs, historyBeforeMs, limit }: RetentionTerms): [string, ...SqlValue[]][] {
  const runsToForget = `
    SELECT txn FROM activation WHERE ended = 1 AND started_at_ms < ?
      AND txn NOT IN (SELECT txn FROM handheld WHERE state = 'active')
      AND txn NOT IN (SELECT txn FROM master_key)
    ORDER BY started_at_ms LIMIT ?`
  return [
    [
      `DELETE FROM delivery WHERE id IN (
         SELECT id FROM delivery WHERE state <> 'running' AND ends_at_ms < ? LIMIT ?)`,
      messagesBeforeMs,
      limit,
    ],
    [
      `DELETE FROM inbound_answer WHERE (pin, kid, seq) IN (
         SELECT a.pin, a.kid, a.seq FROM inbound_answer a LEFT JOIN (
           SELECT pin, kid, max(seq) AS newest FROM inbound_answer GROUP BY pin, kid) w USING (pin, kid)
         WHERE a.seq <= w.newest - ${windowSize}
           OR NOT EXISTS (SELECT 1 FROM master_key k WHERE k.pin = a.pin AND k.kid = a.kid)
         LIMIT ?)`,
      limit,
    ],
    // What has a newer one of its kind tells nothing any more of how things are.
    [
      `DELETE FROM queue_item WHERE id IN (
         SELECT q.id FROM queue_item q WHERE q.state IN ('done', 'replaced', 'cancelled') AND q.since_ms < ?
           AND EXISTS (SELECT 1 FROM queue_item n WHERE n.pin = q.pin AND n.kind = q.kind AND n.command IS q.command
             AND n.id > q.id AND n.state IN ('done', 'replaced', 'cancelled') AND (n.state = 'done' OR q.state != 'done'))
         LIMIT ?)`,
      historyBeforeMs,
      limit,
    ],
    // A look that was under way when its user was removed has put the cursor back.
    [
      `DELETE FROM watch WHERE (owner, folder) IN (
         SELECT owner, folder FROM watch WHERE owner NOT IN (SELECT address FROM user_address) LIMIT ?)`,
      limit,
    ],
    // Events first: a row of the same list decides about both, and it goes with the second statement.
    [`DELETE FROM activation_event WHERE txn IN (${runsToForget})`, historyBeforeMs, limit],
    [`DELETE FROM activation WHERE txn IN (${runsToForget})`, historyBeforeMs, limit],
    [
      `DELETE FROM activation_grant WHERE id IN (
         SELECT g.id FROM activation_grant g WHERE g.state NOT IN ('open', 'claimed') AND g.expires_at_ms < ?
           AND EXISTS (SELECT 1 FROM activation_grant n WHERE n.user_id = g.user_id AND n.id > g.id)
           AND NOT EXISTS (SELECT 1 FROM activation a WHERE a.grant_id = g.id)
         LIMIT ?)`,
      historyBeforeMs,
      limit,
    ],
  ]
}
