-- When the mail server last answered for a request that was to be mailed: accepted, put off or refused.
ALTER TABLE relay_mail ADD COLUMN answered_at_ms INTEGER;
