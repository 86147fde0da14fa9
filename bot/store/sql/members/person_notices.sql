-- name: insert_notices
{{insert person_notice items (id text, person text, adapter text, text text, created_at bigint, run_at bigint)}};

-- name: due_notices
SELECT id, person, text, tries FROM person_notice WHERE run_at <= :now AND adapter IN ({{values adapters}}) ORDER BY id LIMIT 100;

-- name: claim_notice
UPDATE person_notice SET run_at = :run_at, tries = tries + 1 WHERE id = :id AND run_at <= :now RETURNING id;

-- name: remove_notice
DELETE FROM person_notice WHERE id = :id;

-- name: outdated
SELECT 1 AS found FROM person_notice WHERE created_at < :before LIMIT 1;

-- name: remove_outdated_notices
DELETE FROM person_notice WHERE created_at < :before;

-- name: remove_notices_of
DELETE FROM person_notice WHERE person = :person;
