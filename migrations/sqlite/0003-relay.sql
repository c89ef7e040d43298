-- The relay: its identity, the names it knows, who hears whom, queues, tokens and the mails it sends.
-- Columns ending in _at_ms and _until_ms are milliseconds since 1970; sealed columns hold ciphertext only.
-- A "name" is a PIN or an SRP id; the two forms never overlap.

CREATE TABLE relay_identity (
  one              INTEGER PRIMARY KEY CHECK (one = 1),
  relay_id         TEXT NOT NULL,
  generation       INTEGER NOT NULL,
  route_key_sealed BLOB NOT NULL,
  restored_at_ms   INTEGER
) STRICT;

CREATE TABLE relay_seal_key (
  id            INTEGER PRIMARY KEY,
  public_key    BLOB NOT NULL UNIQUE,
  seed_sealed   BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE relay_server (
  srp_id            TEXT PRIMARY KEY,
  login_key_sealed  BLOB NOT NULL,
  suspended_because TEXT,
  created_at_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE relay_server_domain (
  domain TEXT NOT NULL,
  srp_id TEXT NOT NULL REFERENCES relay_server(srp_id) ON DELETE CASCADE,
  PRIMARY KEY (domain, srp_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_server_domain_server ON relay_server_domain(srp_id);

-- Rows stay for ever: a PIN once given is never given again.
CREATE TABLE relay_device (
  pin               TEXT PRIMARY KEY,
  public_key        BLOB NOT NULL UNIQUE,
  network           TEXT NOT NULL,
  enrolled_at_ms    INTEGER NOT NULL,
  suspended_because TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_device_network ON relay_device(network, enrolled_at_ms);

-- The servers a handheld hears, and the handhelds a server serves: frames pass where both rows exist.
CREATE TABLE relay_peer (
  pin    TEXT NOT NULL,
  srp_id TEXT NOT NULL,
  PRIMARY KEY (pin, srp_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE relay_served (
  srp_id TEXT NOT NULL,
  pin    TEXT NOT NULL,
  PRIMARY KEY (srp_id, pin)
) STRICT, WITHOUT ROWID;

-- Frames until they are acknowledged or their time is over; the id is the order of acceptance.
CREATE TABLE relay_frame (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  sender        TEXT NOT NULL,
  receiver      TEXT NOT NULL,
  pin           TEXT NOT NULL,
  to_device     INTEGER NOT NULL,
  by_token      INTEGER NOT NULL,
  mid           BLOB NOT NULL,
  bytes         INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  payload       BLOB NOT NULL
) STRICT;
CREATE INDEX relay_frame_receiver ON relay_frame(receiver, id);
CREATE INDEX relay_frame_queue ON relay_frame(pin, to_device, bytes);
CREATE INDEX relay_frame_expiry ON relay_frame(expires_at_ms);

CREATE TABLE relay_mid (
  sender            TEXT NOT NULL,
  mid               BLOB NOT NULL,
  content_hash      BLOB NOT NULL,
  status            INTEGER NOT NULL,
  token_pin         TEXT,
  remember_until_ms INTEGER NOT NULL,
  PRIMARY KEY (sender, mid)
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_mid_memory ON relay_mid(remember_until_ms);

CREATE TABLE relay_fence (
  srp_id     TEXT NOT NULL,
  pin        TEXT NOT NULL,
  generation INTEGER NOT NULL,
  epoch      INTEGER NOT NULL,
  PRIMARY KEY (srp_id, pin)
) STRICT, WITHOUT ROWID;

-- One handheld's request to be mailed, and the route token that answers it.
CREATE TABLE relay_mail (
  txn            TEXT PRIMARY KEY,
  pin            TEXT NOT NULL,
  txn_prefix     BLOB NOT NULL,
  body_hash      BLOB NOT NULL,
  body           BLOB NOT NULL,
  address        TEXT NOT NULL,
  domain         TEXT NOT NULL,
  accepted_at_ms INTEGER NOT NULL,
  life_ms        INTEGER NOT NULL,
  expires_at_ms  INTEGER NOT NULL,
  owner          TEXT,
  frames_used    INTEGER NOT NULL DEFAULT 0,
  state          TEXT NOT NULL,
  tries          INTEGER NOT NULL,
  mailed_at_ms   INTEGER,
  next_try_at_ms INTEGER NOT NULL,
  answer         TEXT NOT NULL DEFAULT '',
  UNIQUE (pin, txn_prefix)
) STRICT;
CREATE INDEX relay_mail_pin ON relay_mail(pin, accepted_at_ms);
CREATE INDEX relay_mail_owner ON relay_mail(pin, owner, expires_at_ms);
CREATE INDEX relay_mail_address ON relay_mail(address, mailed_at_ms);
CREATE INDEX relay_mail_expiry ON relay_mail(expires_at_ms);
CREATE INDEX relay_mail_queued ON relay_mail(next_try_at_ms) WHERE state = 'queued';
