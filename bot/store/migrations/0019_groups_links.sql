-- Groups of workspaces with one monthly budget, and persons who are one person on several platforms.

CREATE TABLE workspace_group (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    -- micro-dollars in a calendar month, UTC
    budget     BIGINT NOT NULL CHECK (budget >= 0),
    created_at BIGINT NOT NULL
);
ALTER TABLE workspace ADD COLUMN group_id TEXT REFERENCES workspace_group (id);
CREATE INDEX workspace_in_group ON workspace (group_id) WHERE group_id IS NOT NULL;

-- Persons who have linked themselves. Everybody of one link shares its name, which is new after each change.
CREATE TABLE linked_person (
    person    TEXT PRIMARY KEY,
    link      TEXT NOT NULL,
    -- as the platform showed them when they were linked
    name      TEXT NOT NULL,
    linked_at BIGINT NOT NULL
);
CREATE INDEX linked_person_link ON linked_person (link);

-- The code that a person has asked for last.
CREATE TABLE link_code (
    person     TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    -- SHA-256 of the code; NULL once somebody has entered it
    digest     TEXT UNIQUE,
    -- who entered it, and the question that they were asked
    entered_by TEXT,
    question   TEXT UNIQUE,
    expires_at BIGINT NOT NULL,
    CHECK ((digest IS NULL) = (question IS NOT NULL)),
    CHECK ((question IS NULL) = (entered_by IS NULL))
);

-- How many codes a person has entered since the time.
CREATE TABLE link_tries (
    person TEXT PRIMARY KEY,
    since  BIGINT NOT NULL,
    tries  INTEGER NOT NULL
);

-- Direct messages to persons that are still to be sent.
CREATE TABLE person_notice (
    id         TEXT PRIMARY KEY,
    person     TEXT NOT NULL,
    -- which sends it
    adapter    TEXT NOT NULL,
    text       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    run_at     BIGINT NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX person_notice_due ON person_notice (run_at);
