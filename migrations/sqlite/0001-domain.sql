-- The domain: users, grants, activations, handhelds, and what is on its way to them.
-- Ids are never used twice: what is kept of a removed user must not become another's.
-- Columns ending in _at_ms are milliseconds since 1970; sealed columns hold ciphertext only.

CREATE TABLE installation (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT;

CREATE TABLE user (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  display_name  TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE user_address (
  address TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
  main    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX user_address_user ON user_address(user_id);
CREATE UNIQUE INDEX user_address_main ON user_address(user_id) WHERE main = 1;

CREATE TABLE activation_grant (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id       INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
  version       INTEGER NOT NULL,
  state         TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  grant_json    TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX activation_grant_live ON activation_grant(user_id) WHERE state IN ('open', 'claimed');
CREATE INDEX activation_grant_user ON activation_grant(user_id, id);

CREATE TABLE registration_record (
  grant_id INTEGER NOT NULL REFERENCES activation_grant(id) ON DELETE CASCADE,
  address  TEXT NOT NULL,
  profile  INTEGER NOT NULL,
  sealed   BLOB NOT NULL,
  PRIMARY KEY (grant_id, address, profile)
) STRICT, WITHOUT ROWID;

CREATE TABLE activation (
  txn           TEXT PRIMARY KEY,
  user_id       INTEGER,
  grant_id      INTEGER,
  pin           TEXT,
  version       INTEGER NOT NULL,
  ended         INTEGER NOT NULL,
  started_at_ms INTEGER NOT NULL,
  state_json    TEXT NOT NULL
) STRICT;
CREATE INDEX activation_started ON activation(started_at_ms);
CREATE INDEX activation_user ON activation(user_id, started_at_ms);
CREATE INDEX activation_grant_runs ON activation(grant_id) WHERE ended = 0;
CREATE INDEX activation_pin ON activation(pin, started_at_ms);

CREATE TABLE activation_event (
  txn   TEXT NOT NULL,
  seq   INTEGER NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (txn, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_secret (
  txn    TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;

CREATE TABLE work (
  key       TEXT PRIMARY KEY,
  txn       TEXT NOT NULL,
  kind      TEXT NOT NULL,
  due_at_ms INTEGER NOT NULL,
  tries     INTEGER NOT NULL DEFAULT 0,
  last_code TEXT
) STRICT;
CREATE INDEX work_due ON work(due_at_ms);
CREATE INDEX work_txn ON work(txn);

CREATE TABLE delivery (
  id            INTEGER PRIMARY KEY,
  key           TEXT NOT NULL UNIQUE,
  txn           TEXT,
  message       TEXT NOT NULL,
  pin           TEXT,
  token         BLOB,
  payload       BLOB NOT NULL,
  until         TEXT NOT NULL,
  first_at_ms   INTEGER NOT NULL,
  ends_at_ms    INTEGER NOT NULL,
  kid           INTEGER,
  seq           INTEGER,
  tag           BLOB,
  attempts      INTEGER NOT NULL DEFAULT 0,
  sent_at_ms    INTEGER,
  receipt       INTEGER,
  receipt_at_ms INTEGER,
  receipt_since_ms INTEGER,
  next_at_ms    INTEGER NOT NULL,
  state         TEXT NOT NULL DEFAULT 'running'
) STRICT;
CREATE INDEX delivery_due ON delivery(next_at_ms) WHERE state = 'running';
CREATE INDEX delivery_txn ON delivery(txn);
CREATE INDEX delivery_packet ON delivery(pin, kid, seq);

CREATE TABLE delivery_mid (
  mid         BLOB PRIMARY KEY,
  delivery_id INTEGER NOT NULL REFERENCES delivery(id) ON DELETE CASCADE,
  attempt     INTEGER NOT NULL,
  part        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_mid_delivery ON delivery_mid(delivery_id);

CREATE TABLE handheld (
  pin             TEXT NOT NULL,
  user_id         INTEGER NOT NULL,
  txn             TEXT NOT NULL,
  state           TEXT NOT NULL,
  model           TEXT NOT NULL,
  software        TEXT NOT NULL,
  platform        TEXT NOT NULL,
  device_key      TEXT NOT NULL,
  activated_at_ms INTEGER NOT NULL,
  heard_at_ms     INTEGER NOT NULL,
  policy_sent     INTEGER NOT NULL DEFAULT 0,
  policy_applied  INTEGER NOT NULL DEFAULT 0,
  policy_left_out TEXT NOT NULL DEFAULT '[]',
  books_sent      INTEGER NOT NULL DEFAULT 0,
  books_applied   INTEGER NOT NULL DEFAULT 0,
  books_left_out  TEXT NOT NULL DEFAULT '[]',
  PRIMARY KEY (pin, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX handheld_user ON handheld(user_id);

CREATE TABLE master_key (
  pin           TEXT NOT NULL,
  kid           INTEGER NOT NULL,
  suite         INTEGER NOT NULL,
  txn           TEXT NOT NULL,
  state         TEXT NOT NULL,
  sealed        BLOB NOT NULL,
  replay_window BLOB NOT NULL,
  next_seq      INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (pin, kid)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbound_answer (
  pin    TEXT NOT NULL,
  kid    INTEGER NOT NULL,
  seq    INTEGER NOT NULL,
  tag    BLOB NOT NULL,
  status INTEGER NOT NULL,
  PRIMARY KEY (pin, kid, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbound_part (
  pin   TEXT NOT NULL,
  id    TEXT NOT NULL,
  idx   INTEGER NOT NULL,
  count INTEGER NOT NULL,
  chunk BLOB NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (pin, id, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE watch (
  owner        TEXT NOT NULL,
  folder       TEXT NOT NULL,
  uid_validity INTEGER NOT NULL,
  next_uid     INTEGER NOT NULL,
  looked_at_ms INTEGER,
  PRIMARY KEY (owner, folder)
) STRICT, WITHOUT ROWID;
