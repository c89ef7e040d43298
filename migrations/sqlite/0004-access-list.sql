-- Handhelds that may not activate: by PIN, or by words of their model. `value` is what is compared, `shown` what
-- the administrator wrote.
CREATE TABLE access_rule (
  kind          TEXT NOT NULL CHECK (kind IN ('pin', 'model')),
  value         TEXT NOT NULL,
  shown         TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;
