-- The access list: rules that let handhelds in or keep them out, by PIN, range of PINs, model and maker, and one row
-- for the default. `low` and `high` are the ends of a range, and both the value of every other kind; `shown` is what
-- the administrator wrote. What was a deny list of PINs and words goes on as deny rules.
CREATE TABLE access_list (
  kind          TEXT NOT NULL CHECK (kind IN ('pin', 'range', 'model', 'maker', 'default')),
  low           TEXT NOT NULL,
  high          TEXT NOT NULL,
  verdict       TEXT NOT NULL CHECK (verdict IN ('allow', 'deny')),
  shown         TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, low, high)
) STRICT, WITHOUT ROWID;
INSERT INTO access_list
  SELECT CASE WHEN kind = 'model' AND instr(value, ' ') = 0 THEN 'maker' ELSE kind END,
         value, value, 'deny', shown, created_at_ms
  FROM access_rule;
DROP TABLE access_rule;

-- When a password begins to work; 0: at once.
ALTER TABLE activation_grant ADD COLUMN not_before_ms INTEGER NOT NULL DEFAULT 0;

-- Mails that bring a user the instructions or the activation password, until the mail server has them. `sealed` holds
-- the password of a mail that is queued, and nothing afterwards.
CREATE TABLE invitation_mail (
  id           INTEGER PRIMARY KEY,
  grant_id     INTEGER NOT NULL REFERENCES activation_grant(id) ON DELETE CASCADE,
  part         TEXT NOT NULL CHECK (part IN ('instructions', 'password')),
  recipient    TEXT NOT NULL,
  language     TEXT NOT NULL,
  message_id   TEXT NOT NULL UNIQUE,
  sealed       BLOB,
  state        TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'refused', 'withdrawn')),
  tries        INTEGER NOT NULL DEFAULT 0,
  answer       TEXT NOT NULL DEFAULT '',
  code         TEXT,
  queued_at_ms INTEGER NOT NULL,
  next_at_ms   INTEGER NOT NULL,
  ended_at_ms  INTEGER
) STRICT;
CREATE INDEX invitation_mail_due ON invitation_mail(next_at_ms) WHERE state = 'queued';
CREATE INDEX invitation_mail_grant ON invitation_mail(grant_id);
