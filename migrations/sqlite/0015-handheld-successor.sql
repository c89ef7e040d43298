-- The handheld whose activation took the place of this one; null: none did, or that was before this column.
ALTER TABLE handheld ADD COLUMN replaced_by TEXT;
