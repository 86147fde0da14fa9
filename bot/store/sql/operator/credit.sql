-- name: last_reading
SELECT at, balance, in_flight FROM credit_reading WHERE account = :account ORDER BY at DESC LIMIT 1;

-- name: readings_since_idle
-- The last reading at which nothing was in flight, and those after it.
SELECT at, balance FROM credit_reading
WHERE account = :account AND at >= (SELECT max(idle.at) FROM credit_reading AS idle
                                    WHERE idle.account = :account AND idle.in_flight = 0)
ORDER BY at;

-- name: in_flight
SELECT count(*) AS jobs FROM job
WHERE account = :account AND state IN ('submitting', 'unknown', 'submitted');

-- name: any_claimed
SELECT 1 AS found FROM attempt WHERE account = :account AND claimed_at > :since LIMIT 1;

-- name: insert_reading
INSERT INTO credit_reading (account, at, balance, in_flight) VALUES (:account, :now, :balance, :in_flight)
ON CONFLICT (account, at) DO NOTHING;

-- name: sent_between
SELECT job.duration_class, job.state, job.price, CASE WHEN job.attempt = attempt.number THEN 1 ELSE 0 END AS latest
FROM attempt JOIN job ON job.id = attempt.job
WHERE attempt.account = :account AND attempt.claimed_at > :since AND attempt.claimed_at <= :until
  AND attempt.sent_at IS NOT NULL;

-- name: insert_price_check
INSERT INTO price_check (account, at, duration_class, jobs, expected, actual)
VALUES (:account, :now, :duration_class, :jobs, :expected, :actual)
ON CONFLICT (account, at) DO NOTHING;

-- name: forget_readings
DELETE FROM credit_reading WHERE account = :account AND at < :before;

-- name: forget_price_checks
DELETE FROM price_check WHERE account = :account AND at < :before;

-- name: readings
SELECT account, at, balance FROM credit_reading
WHERE at >= :since OR at = (SELECT max(later.at) FROM credit_reading AS later
                            WHERE later.account = credit_reading.account)
ORDER BY account, at;

-- name: spent
-- What each account's own jobs cost since a time, with those that it is working on; a refund to a member does
-- not come back from the provider.
SELECT r.account,
       (SELECT CAST(coalesce(sum(price), 0) AS bigint) FROM job
        WHERE job.account = r.account AND job.state = 'completed' AND job.finished_at >= :since)
     + (SELECT CAST(coalesce(sum(price), 0) AS bigint) FROM job
        WHERE job.account = r.account AND job.state IN ('submitting', 'unknown', 'submitted')) AS spent
FROM {{rows items (account text)}} AS r;

-- name: price_checks
-- What else a workspace does with its own key is not known here.
SELECT duration_class, CAST(sum(jobs) AS bigint) AS jobs, CAST(sum(expected) AS bigint) AS expected,
       CAST(sum(actual) AS bigint) AS actual
FROM price_check JOIN account ON account.id = price_check.account
WHERE price_check.at >= :since AND account.workspace IS NULL
GROUP BY duration_class ORDER BY duration_class;
