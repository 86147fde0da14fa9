-- name: members
SELECT id, workspace, name, seen_at, defaults FROM member WHERE person = :person ORDER BY id;

-- name: jobs
SELECT job.id, job.workspace, card.adapter, card.channel, card.thread, card.message, job.provider, job.request,
       job.title, job.price, job.state, job.created_at, job.submitted_at, job.finished_at, job.private, job.refunded,
       job.deleted, job.expired, job.parent, job.result, job.failure
FROM job JOIN card ON card.id = job.card
WHERE job.person = :person AND job.id < :before ORDER BY job.id DESC LIMIT :count;

-- name: meters
SELECT scope, unit, period, period_start, period_end, max_amount, granted, used, reserved FROM meter
WHERE scope IN ({{values scopes}}) ORDER BY period_start, scope;

-- name: limits
SELECT workspace, level, unit, period, amount FROM allowance
WHERE level IN ('member', 'person') AND subject IN ({{values subjects}}) ORDER BY workspace, level, unit, period;

-- name: stars
SELECT job, at FROM star WHERE member IN ({{values members}}) ORDER BY at;

-- name: votes
SELECT job, emoji, at FROM vote WHERE member IN ({{values members}}) ORDER BY at;

-- name: reports
SELECT copy_of AS job, note, created_at FROM card WHERE person = :person AND purpose = 'report' ORDER BY id;

-- name: audit
SELECT at, workspace, action, subject, detail FROM audit
WHERE workspace IN ({{values workspaces}}) AND (actor IN ({{values members}}) OR subject IN ({{values subjects}}))
ORDER BY id;

-- name: blocks
SELECT subject, created_at FROM block WHERE subject IN ({{values subjects}}) ORDER BY subject;

-- name: links
SELECT other.person, other.name, other.linked_at FROM linked_person AS mine
JOIN linked_person AS other ON other.link = mine.link AND other.person <> mine.person
WHERE mine.person = :person ORDER BY other.person;

-- name: presets
-- Without an index: somebody asks for this once.
SELECT workspace, name, kind, set_at, makers FROM preset WHERE makers <> '[]' ORDER BY workspace, name;
