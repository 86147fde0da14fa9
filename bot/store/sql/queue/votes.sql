-- name: lock_jobs
-- Two replicas that count votes for one job must see each other's.
SELECT id FROM job WHERE id IN ({{values ids}}) ORDER BY id {{locked}};

-- name: votes
SELECT job, emoji, member FROM vote WHERE job IN ({{values jobs}});

-- name: insert_votes
{{insert vote items (job text, emoji text, member text, at bigint)}} ORDER BY job, emoji, member
ON CONFLICT (job, emoji, member) DO NOTHING;

-- name: withdraw
DELETE FROM vote WHERE job = :job AND emoji = :emoji AND member = :member;
