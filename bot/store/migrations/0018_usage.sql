-- What usage is reported by, and what ended days came to, so that a report reads only the jobs of the last hours.

-- the command that makes such a request
ALTER TABLE job ADD COLUMN command TEXT NOT NULL DEFAULT '';
UPDATE job SET command = CASE
    WHEN duration_class LIKE 'image/%' AND request LIKE '%"modify_ref":{%' THEN 'modify'
    WHEN duration_class LIKE 'image/%' THEN 'imagine'
    -- what builds on a video's generation is bound to the account that made it
    WHEN duration_class LIKE 'video/%' AND account_required IS NOT NULL THEN 'extend'
    WHEN duration_class LIKE 'video/%' THEN 'animate'
    WHEN duration_class LIKE 'reframe%' THEN 'reframe'
    WHEN duration_class LIKE 'modify%' THEN 'modify'
    WHEN duration_class LIKE 'upscale/%' THEN 'upscale'
    WHEN duration_class LIKE 'audio/%' THEN 'audio'
    ELSE '' END;

-- the category in `failure`
ALTER TABLE job ADD COLUMN failure_category TEXT;
UPDATE job SET failure_category = (
    SELECT min(known.category)
    FROM (SELECT 'input_unreachable' AS category UNION ALL SELECT 'moderation' UNION ALL SELECT 'prompt'
          UNION ALL SELECT 'service' UNION ALL SELECT 'unknown' UNION ALL SELECT 'input_refused'
          UNION ALL SELECT 'input_unprocessed' UNION ALL SELECT 'rejected' UNION ALL SELECT 'timeout'
          UNION ALL SELECT 'vanished' UNION ALL SELECT 'asset_lost' UNION ALL SELECT 'result_unprocessed'
          UNION ALL SELECT 'lost_answer' UNION ALL SELECT 'expired' UNION ALL SELECT 'not_confirmed'
          UNION ALL SELECT 'not_approved' UNION ALL SELECT 'refused_by_admin' UNION ALL SELECT 'key_removed') AS known
    WHERE job.failure LIKE '{"category":"' || known.category || '"%')
WHERE failure IS NOT NULL;

-- the channel's name when the command was given; empty where the platform did not say it
ALTER TABLE card ADD COLUMN channel_name TEXT NOT NULL DEFAULT '';

DROP INDEX job_usage;
CREATE INDEX job_usage ON job (workspace, finished_at) WHERE finished_at IS NOT NULL;

-- Until when the jobs of a workspace are summed up, in days of this time zone.
CREATE TABLE usage_rollup (
    workspace    TEXT PRIMARY KEY,
    timezone     TEXT NOT NULL,
    rolled_until BIGINT NOT NULL,
    -- rises with each refund, so that a day is never summed up from what was read before one
    version      BIGINT NOT NULL
);

-- What the jobs that ended on a day, or in some hours of the newest one, came to, once by each dimension.
CREATE TABLE usage_day (
    workspace TEXT NOT NULL,
    dimension TEXT NOT NULL CHECK (dimension IN ('day', 'member', 'channel', 'command', 'model')),
    -- the beginning of the day or of the hours
    day       BIGINT NOT NULL,
    value     TEXT NOT NULL,
    -- 'completed', 'cancelled', a failure's category, or 'refunded' beside 'completed'
    outcome   TEXT NOT NULL,
    makes     TEXT NOT NULL,
    -- from the command to the result, to two significant digits
    wait_ms   BIGINT NOT NULL,
    jobs      BIGINT NOT NULL,
    amount    BIGINT NOT NULL,
    -- the newest of its jobs that has a name for the value
    named_by  TEXT NOT NULL,
    PRIMARY KEY (workspace, dimension, day, value, outcome, makes, wait_ms)
);
