-- What IMAP is asked about a message is computed when somebody first asks, so that taking mail in does not wait for it.
CREATE TABLE mail_description (
  body_id INTEGER PRIMARY KEY REFERENCES mail_body (id) ON DELETE CASCADE,
  etp INTEGER NOT NULL,
  envelope BLOB NOT NULL,
  body BLOB NOT NULL,
  body_structure BLOB NOT NULL,
  parts TEXT NOT NULL
) STRICT;
INSERT INTO mail_description (body_id, etp, envelope, body, body_structure, parts)
  SELECT id, etp, envelope, body, body_structure, parts FROM mail_body;

ALTER TABLE mail_body DROP COLUMN etp;
ALTER TABLE mail_body DROP COLUMN envelope;
ALTER TABLE mail_body DROP COLUMN body;
ALTER TABLE mail_body DROP COLUMN body_structure;
ALTER TABLE mail_body DROP COLUMN parts;
