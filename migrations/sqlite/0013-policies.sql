-- IT policies: named sets of rules, who gets them, and every revision; and what waits for each handheld.

CREATE TABLE it_policy (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  name          TEXT NOT NULL UNIQUE,
  -- 1 is the strongest. The default, which everybody has, has none: it gives way to all others.
  rank          INTEGER,
  revision      INTEGER NOT NULL,
  rules         TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL
) STRICT;
INSERT INTO it_policy(name, rank, revision, rules, created_at_ms, changed_at_ms)
  VALUES ('default', NULL, 1, '{}', 0, 0);

CREATE TABLE it_policy_revision (
  policy_id INTEGER NOT NULL REFERENCES it_policy(id) ON DELETE CASCADE,
  revision  INTEGER NOT NULL,
  rules     TEXT NOT NULL,
  at_ms     INTEGER NOT NULL,
  note      TEXT NOT NULL,
  PRIMARY KEY (policy_id, revision)
) STRICT, WITHOUT ROWID;
INSERT INTO it_policy_revision SELECT id, 1, '{}', 0, '' FROM it_policy;

CREATE TABLE it_policy_group (
  policy_id INTEGER NOT NULL REFERENCES it_policy(id) ON DELETE CASCADE,
  group_id  INTEGER NOT NULL REFERENCES user_group(id) ON DELETE CASCADE,
  PRIMARY KEY (policy_id, group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX it_policy_group_group ON it_policy_group(group_id);

CREATE TABLE it_policy_user (
  policy_id INTEGER NOT NULL REFERENCES it_policy(id) ON DELETE CASCADE,
  user_id   INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
  PRIMARY KEY (policy_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX it_policy_user_user ON it_policy_user(user_id);

-- Service books an administrator has taken away from a user.
CREATE TABLE removed_book (
  user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
  cid     TEXT NOT NULL,
  PRIMARY KEY (user_id, cid)
) STRICT, WITHOUT ROWID;

-- Digests of what a handheld was last given: where they differ from what it should have, that is queued.
ALTER TABLE handheld ADD COLUMN policy_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE handheld ADD COLUMN books_digest TEXT NOT NULL DEFAULT '';
-- When a wipe that was acknowledged will have been carried out; null where none was.
ALTER TABLE handheld ADD COLUMN wipe_at_ms INTEGER;

-- What the Policy Service has for one handheld. `due_at_ms` null: it waits for another item.
CREATE TABLE queue_item (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  pin          TEXT NOT NULL,
  user_id      INTEGER NOT NULL,
  kind         TEXT NOT NULL,
  command      TEXT,
  sealed       BLOB,
  digest       TEXT NOT NULL DEFAULT '',
  state        TEXT NOT NULL,
  since_ms     INTEGER NOT NULL,
  queued_at_ms INTEGER NOT NULL,
  due_at_ms    INTEGER,
  tries        INTEGER NOT NULL DEFAULT 0,
  failures     INTEGER NOT NULL DEFAULT 0,
  number       INTEGER,
  delivery_key TEXT,
  status       INTEGER,
  code         TEXT,
  left_out     TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX queue_item_due ON queue_item(due_at_ms) WHERE state = 'waiting';
CREATE INDEX queue_item_live ON queue_item(pin, id) WHERE state IN ('waiting', 'out');
CREATE INDEX queue_item_pin ON queue_item(pin, id);
