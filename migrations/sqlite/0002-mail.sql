-- The embedded mail server. Messages are kept byte for byte; what IMAP asks about them is computed at delivery.

-- One source of modification sequences for all mailboxes: a mailbox changed after x has modseq > x.
-- UIDVALIDITY values come from one counter as well, so that none is ever given twice.
CREATE TABLE mail_counter (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  modseq INTEGER NOT NULL,
  uidvalidity INTEGER NOT NULL
) STRICT;
INSERT INTO mail_counter (id, modseq, uidvalidity) VALUES (1, 1, 0);

CREATE TABLE mail_account (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  address TEXT NOT NULL UNIQUE,
  password_hash TEXT,
  created_ms INTEGER NOT NULL
) STRICT;

-- Every address that reaches an account, its own included.
CREATE TABLE mail_address (
  address TEXT PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES mail_account (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_address_account ON mail_address (account_id);

CREATE TABLE mailbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id INTEGER NOT NULL REFERENCES mail_account (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  special_use TEXT,
  uidvalidity INTEGER NOT NULL,
  uidnext INTEGER NOT NULL DEFAULT 1,
  modseq INTEGER NOT NULL,
  messages INTEGER NOT NULL DEFAULT 0,
  unseen INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  -- Messages from this UID on were not yet seen by any selecting session.
  recent_uid INTEGER NOT NULL DEFAULT 1,
  -- The list of expunged messages is complete for modification sequences above this one.
  expunged_floor INTEGER NOT NULL DEFAULT 0,
  keywords TEXT NOT NULL DEFAULT '',
  UNIQUE (account_id, path)
) STRICT;
CREATE INDEX mailbox_modseq ON mailbox (modseq);

-- Apart from the mailboxes: a subscription outlives its mailbox (RFC 3501 section 6.3.6).
CREATE TABLE mail_subscription (
  account_id INTEGER NOT NULL REFERENCES mail_account (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  PRIMARY KEY (account_id, path)
) STRICT, WITHOUT ROWID;

-- Immutable and shared by all copies of a message.
CREATE TABLE mail_body (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  size INTEGER NOT NULL,
  etp INTEGER NOT NULL,
  envelope BLOB NOT NULL,
  body BLOB NOT NULL,
  body_structure BLOB NOT NULL,
  parts TEXT NOT NULL
) STRICT;

-- The bytes, in pieces of 256 KiB, so that a part of a large message is read without the rest.
CREATE TABLE mail_chunk (
  id INTEGER PRIMARY KEY, -- body id * 1024 + number of the piece
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE mail_message (
  mailbox_id INTEGER NOT NULL REFERENCES mailbox (id),
  uid INTEGER NOT NULL,
  body_id INTEGER NOT NULL REFERENCES mail_body (id),
  modseq INTEGER NOT NULL,
  flags TEXT NOT NULL, -- sorted, separated by spaces
  internal_ms INTEGER NOT NULL,
  size INTEGER NOT NULL,
  PRIMARY KEY (mailbox_id, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_message_body ON mail_message (body_id);
CREATE INDEX mail_message_modseq ON mail_message (mailbox_id, modseq);

CREATE TABLE mail_expunged (
  mailbox_id INTEGER NOT NULL REFERENCES mailbox (id) ON DELETE CASCADE,
  modseq INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  PRIMARY KEY (mailbox_id, modseq, uid)
) STRICT, WITHOUT ROWID;
