-- A generation whose file the bot itself could not process is left at the provider for the operator: one more
-- cause, and SQLite changes no CHECK of a table that exists.

CREATE TEMPORARY TABLE orphan_kept AS SELECT * FROM orphan_generation;
DROP TABLE orphan_generation;
CREATE TABLE orphan_generation (
    account    TEXT NOT NULL,
    remote_id  TEXT NOT NULL,
    job        TEXT,
    cause      TEXT NOT NULL CHECK (cause IN ('late', 'superseded', 'unbound', 'deleted', 'unprocessed')),
    price      BIGINT NOT NULL,
    found_at   BIGINT NOT NULL,
    removed_at BIGINT,
    run_at     BIGINT NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, remote_id)
);
INSERT INTO orphan_generation (account, remote_id, job, cause, price, found_at, removed_at, run_at, tries)
SELECT account, remote_id, job, cause, price, found_at, removed_at, run_at, tries FROM orphan_kept;
DROP TABLE orphan_kept;
CREATE INDEX orphan_due ON orphan_generation (account, run_at) WHERE removed_at IS NULL AND cause <> 'unprocessed';
