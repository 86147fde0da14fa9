-- Accounts are held by the workers that have their keys, which may be different ones.

-- when a worker with its key last said so; NULL: not since this column exists
ALTER TABLE account ADD COLUMN held_at BIGINT;
