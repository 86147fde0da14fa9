-- name: links
SELECT person, link, name FROM linked_person
WHERE link IN (SELECT mine.link FROM linked_person AS mine WHERE mine.person IN ({{values persons}})) ORDER BY person;

-- name: lock_links
-- One change of links at a time: what a change adds cannot be locked by another.
INSERT INTO lease (name, owner, expires_at, fence) VALUES ('links', '', 0, 1)
ON CONFLICT (name) DO UPDATE SET fence = lease.fence + 1;

-- name: put_linked
INSERT INTO linked_person (person, link, name, linked_at)
SELECT r.person, r.link, r.name, r.now
FROM {{rows items (person text, link text, name text, now bigint)}} AS r WHERE true ORDER BY r.person
ON CONFLICT (person) DO UPDATE SET link = excluded.link, name = excluded.name;

-- name: remove_linked
DELETE FROM linked_person WHERE person IN ({{values persons}});

-- name: put_code
INSERT INTO link_code (person, name, digest, expires_at) VALUES (:person, :name, :digest, :expires_at)
ON CONFLICT (person) DO UPDATE SET name = excluded.name, digest = excluded.digest, entered_by = NULL, question = NULL,
                                   expires_at = excluded.expires_at;

-- name: code
-- By its question where the outcome of the first commit was unknown.
SELECT person, name FROM link_code
WHERE (digest = :digest OR question = :question) AND expires_at > :now {{locked}};

-- name: enter_code
UPDATE link_code SET digest = NULL, entered_by = :entered_by, question = :question, expires_at = :expires_at
WHERE digest = :digest;

-- name: take_question
DELETE FROM link_code WHERE question = :question AND entered_by = :entered_by AND expires_at > :now
RETURNING person, name;

-- name: count_try
INSERT INTO link_tries (person, since, tries) VALUES (:person, :now, 1)
ON CONFLICT (person) DO UPDATE
SET tries = CASE WHEN link_tries.since <= :before THEN 1 ELSE link_tries.tries + 1 END,
    since = CASE WHEN link_tries.since <= :before THEN excluded.since ELSE link_tries.since END
RETURNING tries, since;

-- name: remove_expired_codes
DELETE FROM link_code WHERE expires_at <= :now;

-- name: remove_old_tries
DELETE FROM link_tries WHERE since <= :before;

-- name: rename_linked
UPDATE linked_person SET name = :name WHERE person = :person;

-- name: remove_codes
DELETE FROM link_code WHERE person = :person OR entered_by = :person;

-- name: remove_tries
DELETE FROM link_tries WHERE person = :person;

-- name: remove_audit
DELETE FROM audit WHERE actor = :person AND workspace = '' AND action IN ('link', 'unlink');
