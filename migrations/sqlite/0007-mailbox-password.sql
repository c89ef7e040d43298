-- Passwords of users' mailboxes at the site's own mail server, for a log-in with each user's own; sealed.
CREATE TABLE mailbox_password (
  user_id   INTEGER PRIMARY KEY REFERENCES user(id) ON DELETE CASCADE,
  sealed    BLOB NOT NULL,
  set_at_ms INTEGER NOT NULL
) STRICT;
