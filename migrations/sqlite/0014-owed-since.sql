-- Since when a handheld has owed the acknowledgement of a policy: a newer policy in its place does not begin that anew.
ALTER TABLE queue_item ADD COLUMN owed_since_ms INTEGER NOT NULL DEFAULT 0;
UPDATE queue_item SET owed_since_ms = queued_at_ms;
