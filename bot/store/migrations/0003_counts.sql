-- What waits, counted as it comes and goes: thousands may wait, and a command must not count them.

ALTER TABLE workspace ADD COLUMN waiting BIGINT NOT NULL DEFAULT 0;
UPDATE workspace SET waiting = (SELECT count(*) FROM job WHERE job.workspace = workspace.id
                                                          AND job.state IN ('held', 'preparing', 'queued'));

-- how many queued jobs of a queue have the same turn
CREATE TABLE line (
    queue TEXT NOT NULL,
    turn  BIGINT NOT NULL,
    jobs  BIGINT NOT NULL,
    PRIMARY KEY (queue, turn)
);
INSERT INTO line (queue, turn, jobs) SELECT queue, turn, count(*) FROM job WHERE state = 'queued' GROUP BY queue, turn;
