-- Groups of users: what policies, and who may do what, hang on.
CREATE TABLE user_group (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  name          TEXT NOT NULL UNIQUE,
  description   TEXT NOT NULL DEFAULT '',
  created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE group_member (
  group_id INTEGER NOT NULL REFERENCES user_group(id) ON DELETE CASCADE,
  user_id  INTEGER NOT NULL REFERENCES user(id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_member_user ON group_member(user_id);
