-- Who did what: lines that are only ever added, each with the hash of the one before it (src/audit/chain.ts).
-- `change` is JSON without secrets; `answers` names the line of intent whose outcome this one is.
CREATE TABLE audit_line (
  seq      INTEGER PRIMARY KEY,
  at_ms    INTEGER NOT NULL,
  who      TEXT NOT NULL,
  role     TEXT NOT NULL,
  source   TEXT NOT NULL,
  what     TEXT NOT NULL,
  subject  TEXT NOT NULL,
  change   TEXT NOT NULL,
  outcome  TEXT NOT NULL,
  answers  INTEGER REFERENCES audit_line(seq),
  previous BLOB NOT NULL,
  hash     BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX audit_line_answers ON audit_line(answers) WHERE answers IS NOT NULL;
CREATE INDEX audit_line_subject ON audit_line(subject, seq);
CREATE INDEX audit_line_at ON audit_line(at_ms);

CREATE TRIGGER audit_line_in_order BEFORE INSERT ON audit_line
  WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit_line)
  BEGIN SELECT RAISE(ABORT, 'the audit log grows at its end alone'); END;
CREATE TRIGGER audit_line_no_update BEFORE UPDATE ON audit_line
  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_line_no_delete BEFORE DELETE ON audit_line
  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- What happens to keys is noted by the database itself, whoever changes them; the writer makes lines of the notes
-- before the same transaction ends (src/store/sqlite/audit-notes.ts).
CREATE TABLE audit_note (
  id      INTEGER PRIMARY KEY,
  what    TEXT NOT NULL,
  subject TEXT NOT NULL,
  change  TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_key_made AFTER INSERT ON master_key BEGIN
  INSERT INTO audit_note(what, subject, change) VALUES ('key.made', NEW.pin, json_object('after',
    json_object('kid', NEW.kid, 'state', NEW.state, 'suite', NEW.suite, 'activation', NEW.txn)));
END;
CREATE TRIGGER audit_key_state AFTER UPDATE OF state ON master_key WHEN NEW.state IS NOT OLD.state BEGIN
  INSERT INTO audit_note(what, subject, change) VALUES (
    CASE NEW.state WHEN 'current' THEN 'key.activated' WHEN 'previous' THEN 'key.superseded' ELSE 'key.' || NEW.state END,
    NEW.pin, json_object('before', json_object('kid', OLD.kid, 'state', OLD.state),
      'after', json_object('kid', NEW.kid, 'state', NEW.state)));
END;
CREATE TRIGGER audit_key_erased AFTER DELETE ON master_key BEGIN
  INSERT INTO audit_note(what, subject, change) VALUES ('key.erased', OLD.pin,
    json_object('before', json_object('kid', OLD.kid, 'state', OLD.state)));
END;

-- The installation's own keys lie under a name; the value is sealed, and a storage key's check tells nothing of it.
CREATE TRIGGER audit_fact_made AFTER INSERT ON installation
  WHEN NEW.name = 'storage_key_check' OR NEW.name GLOB 'credential/*' OR NEW.name GLOB 'secret/*' BEGIN
  INSERT INTO audit_note(what, subject, change) VALUES (
    CASE WHEN NEW.name = 'storage_key_check' THEN 'storage_key.made'
      WHEN NEW.name GLOB 'credential/*' THEN 'certificate.made' ELSE 'secret.made' END,
    CASE WHEN NEW.name = 'storage_key_check' THEN '' ELSE substr(NEW.name, instr(NEW.name, '/') + 1) END, '{}');
END;
CREATE TRIGGER audit_fact_changed AFTER UPDATE OF value ON installation
  WHEN NEW.value IS NOT OLD.value
    AND (NEW.name = 'storage_key_check' OR NEW.name GLOB 'credential/*' OR NEW.name GLOB 'secret/*') BEGIN
  INSERT INTO audit_note(what, subject, change) VALUES (
    CASE WHEN NEW.name = 'storage_key_check' THEN 'storage_key.rotated'
      WHEN NEW.name GLOB 'credential/*' THEN 'certificate.renewed' ELSE 'secret.replaced' END,
    CASE WHEN NEW.name = 'storage_key_check' THEN '' ELSE substr(NEW.name, instr(NEW.name, '/') + 1) END, '{}');
END;
CREATE TRIGGER audit_srp_key_made AFTER INSERT ON relay_server BEGIN
  INSERT INTO audit_note(what, subject, change) VALUES ('srp_key.made', NEW.srp_id, '{}');
END;

-- People and programs that administer, each with one role. Passwords are scrypt in the PHC string format; of a token
-- only the hash is kept. A token with an account is that person's session.
CREATE TABLE account (
  name          TEXT PRIMARY KEY,
  role          TEXT NOT NULL,
  password      TEXT NOT NULL,
  disabled      INTEGER NOT NULL DEFAULT 0,
  created_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE access_token (
  id            TEXT PRIMARY KEY,
  name          TEXT NOT NULL,
  role          TEXT,
  account       TEXT REFERENCES account(name) ON DELETE CASCADE,
  hash          BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  revoked_at_ms INTEGER,
  CHECK ((role IS NULL) <> (account IS NULL))
) STRICT;
CREATE INDEX access_token_account ON access_token(account);
