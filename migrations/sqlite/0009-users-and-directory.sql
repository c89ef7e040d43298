-- What users are beside their addresses, and which of them a directory speaks for.
ALTER TABLE user ADD COLUMN organisation TEXT NOT NULL DEFAULT '';
-- Who has disabled the user: 'administrator', 'directory', or NULL while the user is enabled.
ALTER TABLE user ADD COLUMN disabled_by TEXT;
ALTER TABLE user ADD COLUMN disabled_at_ms INTEGER;
-- Whether mail goes on to the handheld.
ALTER TABLE user ADD COLUMN redirect INTEGER NOT NULL DEFAULT 1;
-- The directory's own name for the user, which stays when address and entry are renamed; NULL where made by hand.
ALTER TABLE user ADD COLUMN directory_id TEXT;
ALTER TABLE user ADD COLUMN directory_dn TEXT;
CREATE UNIQUE INDEX user_directory ON user(directory_id);
CREATE INDEX user_organisation ON user(organisation);

-- By which a group is found: the name without regard to case.
ALTER TABLE user_group ADD COLUMN folded TEXT NOT NULL DEFAULT '';
UPDATE user_group SET folded = lower(name);
CREATE UNIQUE INDEX user_group_folded ON user_group(folded);

-- A membership the directory made is the directory's to end; one made by hand stays.
ALTER TABLE group_member ADD COLUMN by_directory INTEGER NOT NULL DEFAULT 0;
