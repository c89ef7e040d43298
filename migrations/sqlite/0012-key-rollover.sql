-- Key rollover: one row for each handheld that had one, the newest. The ephemeral secrets of the server's half are
-- sealed; payloads are the messages a handheld may ask for again.

ALTER TABLE master_key ADD COLUMN current_since_ms INTEGER;
ALTER TABLE master_key ADD COLUMN hybrid INTEGER NOT NULL DEFAULT 0;
ALTER TABLE master_key ADD COLUMN roll_wanted_at_ms INTEGER;
UPDATE master_key SET current_since_ms = created_at_ms WHERE state = 'current';

CREATE TABLE rollover (
  pin            TEXT PRIMARY KEY,
  txn            TEXT NOT NULL,
  version        INTEGER NOT NULL,
  side           TEXT NOT NULL,
  phase          TEXT NOT NULL,
  old_kid        INTEGER NOT NULL,
  new_kid        INTEGER NOT NULL,
  offer          BLOB NOT NULL,
  answer         BLOB,
  heard_seq      INTEGER,
  done_sent      INTEGER NOT NULL,
  done_seen      INTEGER NOT NULL,
  started_at_ms  INTEGER NOT NULL,
  phase_at_ms    INTEGER NOT NULL,
  sealed         BLOB,
  answer_payload BLOB,
  check_payload  BLOB,
  done_payload   BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX rollover_unfinished ON rollover(phase) WHERE phase IN ('offered', 'answered', 'checking', 'switched');

-- Ids of keys that are gone: none is used for another key of the same handheld.
CREATE TABLE spent_kid (
  pin      TEXT NOT NULL,
  kid      INTEGER NOT NULL,
  at_ms    INTEGER NOT NULL,
  PRIMARY KEY (pin, kid)
) STRICT, WITHOUT ROWID;
