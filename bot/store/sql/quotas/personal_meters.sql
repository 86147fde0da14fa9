-- name: rules
SELECT workspace, level, subject, unit, period, amount, label FROM allowance
WHERE workspace = '' AND level = 'person' AND unit = 'money' AND subject IN ({{values persons}}) ORDER BY subject, period;

-- name: current_meters
-- Also where the rule has been removed: it may be set again in the same period.
SELECT period_start FROM meter
WHERE scope IN ({{values scopes}}) AND unit = 'money' AND period_end > :now AND period_start <= :now;

-- name: lock_meters
SELECT id, scope, period_start FROM meter
WHERE scope IN ({{values scopes}}) AND unit = 'money' AND period_end > :now AND period_start <= :now
ORDER BY id {{locked}};

-- name: lock_jobs
SELECT job.id FROM job WHERE job.person IN ({{values persons}}) AND job.created_at >= :since ORDER BY job.id {{locked job}};

-- name: lock_member_meters
-- Whoever accepts something for one of these persons holds one of them.
SELECT meter.id FROM meter JOIN member ON meter.scope = 'member:' || member.id
WHERE member.person IN ({{values persons}}) AND meter.period_end > :now ORDER BY meter.id {{locked meter}};

-- name: own_reservations
-- What these persons paid for themselves with the operator's money and has not been given back. A job that
-- somebody else is changing at this moment is left out: it would not be settled on further meters.
SELECT job.id AS job, job.person, job.created_at, own.amount, own.settled_as
FROM job JOIN reservation AS own ON own.job = job.id
JOIN meter ON meter.id = own.meter AND meter.scope = 'member:' || job.member AND meter.unit = 'money'
WHERE job.person IN ({{values persons}}) AND job.created_at >= :since AND job.queue = job.provider || '/' || job.lane
  AND (own.settled_as IS NULL OR own.settled_as = 'captured')
ORDER BY job.id {{skip_locked job}};

-- name: counted
SELECT reservation.job, reservation.meter, reservation.amount, reservation.settled_as, job.person
FROM reservation JOIN job ON job.id = reservation.job WHERE reservation.meter IN ({{values meters}})
ORDER BY reservation.meter, reservation.job {{locked reservation}};

-- name: last_resets
SELECT meter, max(at) AS at FROM journal WHERE kind = 'reset' AND meter IN ({{values meters}}) GROUP BY meter;
