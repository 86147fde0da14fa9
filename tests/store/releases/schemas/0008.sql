-- One text for SQLite and PostgreSQL. Times are milliseconds UTC, money is micro-dollars, flags are 0 or 1,
-- JSON is text.

CREATE TABLE workspace (
    id           TEXT PRIMARY KEY,
    timezone     TEXT NOT NULL DEFAULT 'UTC',
    paused       INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    pause_reason TEXT NOT NULL DEFAULT '',
    created_at   BIGINT NOT NULL
);

CREATE TABLE member (
    id        TEXT PRIMARY KEY,
    workspace TEXT NOT NULL REFERENCES workspace (id),
    person    TEXT NOT NULL,
    name      TEXT NOT NULL,
    seen_at   BIGINT NOT NULL
);
CREATE INDEX member_name ON member (workspace, name);

-- Workspaces, members and persons whom the operator has shut out.
CREATE TABLE block (
    subject    TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL
);

CREATE TABLE audit (
    id        {{serial}},
    at        BIGINT NOT NULL,
    actor     TEXT NOT NULL,
    workspace TEXT NOT NULL,
    action    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    detail    TEXT NOT NULL
);
CREATE INDEX audit_workspace ON audit (workspace, id);

CREATE TABLE rule (
    workspace TEXT NOT NULL,
    level     TEXT NOT NULL CHECK (level IN ('member', 'person', 'workspace', 'ceiling', 'everything')),
    subject   TEXT NOT NULL,
    amount    BIGINT NOT NULL CHECK (amount >= 0),
    period    TEXT NOT NULL CHECK (period IN ('day', 'week', 'month')),
    PRIMARY KEY (workspace, level, subject)
);

-- `max_amount` is what the rules said at the last reservation; the check is part of the reserving UPDATE.
CREATE TABLE meter (
    id           TEXT PRIMARY KEY,
    scope        TEXT NOT NULL,
    unit         TEXT NOT NULL DEFAULT 'microusd',
    period       TEXT NOT NULL,
    period_start BIGINT NOT NULL,
    period_end   BIGINT NOT NULL,
    max_amount   BIGINT NOT NULL,
    used         BIGINT NOT NULL DEFAULT 0 CHECK (used >= 0),
    reserved     BIGINT NOT NULL DEFAULT 0 CHECK (reserved >= 0)
);
CREATE INDEX meter_scope ON meter (scope, period_start);

CREATE TABLE card (
    id            TEXT PRIMARY KEY,
    event         TEXT NOT NULL UNIQUE,
    adapter       TEXT NOT NULL,
    workspace     TEXT NOT NULL,
    channel       TEXT NOT NULL,
    thread        TEXT,
    message       TEXT,
    reach         TEXT NOT NULL,
    private       INTEGER NOT NULL CHECK (private IN (0, 1)),
    member        TEXT NOT NULL,
    person        TEXT NOT NULL,
    -- the one job that it shows, though that belongs to another card
    copy_of       TEXT,
    -- member, job and emoji of the reaction that asked for it
    reaction      TEXT,
    wanted_rev    BIGINT NOT NULL DEFAULT 1,
    shown_rev     BIGINT NOT NULL DEFAULT 0,
    shown_digest  TEXT NOT NULL DEFAULT '',
    -- what its message says about each job that has not ended
    told          TEXT NOT NULL DEFAULT '{}',
    posting_since BIGINT,
    lease_owner   TEXT,
    lease_until   BIGINT,
    run_at        BIGINT NOT NULL,
    tries         INTEGER NOT NULL DEFAULT 0,
    undeliverable TEXT,
    created_at    BIGINT NOT NULL,
    CHECK (shown_rev <= wanted_rev)
);
CREATE INDEX card_due ON card (run_at) WHERE shown_rev < wanted_rev AND undeliverable IS NULL;
CREATE INDEX card_copy ON card (copy_of) WHERE copy_of IS NOT NULL;
CREATE INDEX card_reaction ON card (reaction, created_at) WHERE reaction IS NOT NULL;

CREATE TABLE account (
    id         TEXT PRIMARY KEY,
    provider   TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('ready', 'stopped', 'retired')),
    reason     TEXT NOT NULL DEFAULT '',
    changed_at BIGINT NOT NULL,
    -- when its list last echoed one of our markers
    echoed_at  BIGINT
);

CREATE TABLE lane (
    account    TEXT NOT NULL REFERENCES account (id),
    lane       TEXT NOT NULL CHECK (lane IN ('image', 'video')),
    concurrent INTEGER NOT NULL,
    per_minute INTEGER NOT NULL,
    cool_until BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account, lane)
);

-- Virtual time of a queue: the turn of the job that was claimed last.
CREATE TABLE clock (
    queue TEXT PRIMARY KEY,
    turn  BIGINT NOT NULL
);

CREATE TABLE job (
    id               TEXT PRIMARY KEY,
    card             TEXT NOT NULL REFERENCES card (id),
    position         INTEGER NOT NULL,
    workspace        TEXT NOT NULL,
    member           TEXT NOT NULL,
    person           TEXT NOT NULL,
    member_name      TEXT NOT NULL,
    provider         TEXT NOT NULL,
    lane             TEXT NOT NULL CHECK (lane IN ('image', 'video')),
    -- what shares one virtual time: the pool's lane, or that of a workspace's own key
    queue            TEXT NOT NULL,
    pace             TEXT NOT NULL,
    request          TEXT NOT NULL,
    makes            TEXT NOT NULL CHECK (makes IN ('picture', 'video')),
    title            TEXT NOT NULL,
    price            BIGINT NOT NULL CHECK (price >= 0),
    state            TEXT NOT NULL CHECK (state IN ('held', 'preparing', 'queued', 'submitting', 'unknown',
                                                    'submitted', 'completed', 'failed', 'cancelled')),
    turn             BIGINT NOT NULL,
    attempt          INTEGER NOT NULL DEFAULT 0,
    account          TEXT,
    account_required TEXT,
    remote_id        TEXT,
    run_at           BIGINT NOT NULL,
    deadline         BIGINT NOT NULL,
    lease_owner      TEXT,
    lease_until      BIGINT,
    created_at       BIGINT NOT NULL,
    claimed_at       BIGINT,
    submitted_at     BIGINT,
    finished_at      BIGINT,
    -- looks at a known id that answered "not found", and the first of them
    misses           INTEGER NOT NULL DEFAULT 0,
    missed_at        BIGINT,
    result           TEXT,
    failure          TEXT,
    parent           TEXT,
    private          INTEGER NOT NULL CHECK (private IN (0, 1)),
    deleted          INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    -- its media were removed when their time was over
    expired          INTEGER NOT NULL DEFAULT 0 CHECK (expired IN (0, 1)),
    refunded         INTEGER NOT NULL DEFAULT 0 CHECK (refunded IN (0, 1)),
    UNIQUE (card, position),
    CHECK ((state IN ('submitted', 'completed')) <= (remote_id IS NOT NULL)),
    CHECK ((state = 'completed') <= (result IS NOT NULL)),
    CHECK ((state IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
);
CREATE UNIQUE INDEX job_generation ON job (account, remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX job_queue ON job (queue, turn, id) WHERE state = 'queued';
CREATE INDEX job_turn ON job (queue, member, turn);
CREATE INDEX job_flight ON job (account, lane) WHERE state IN ('submitting', 'unknown', 'submitted');
CREATE INDEX job_open ON job (workspace, member)
    WHERE state IN ('held', 'preparing', 'queued', 'submitting', 'unknown', 'submitted');
CREATE INDEX job_waiting ON job (workspace, member) WHERE state IN ('held', 'preparing', 'queued');
CREATE INDEX job_deadline ON job (deadline) WHERE state IN ('held', 'preparing', 'queued');
CREATE INDEX job_unfinished ON job (card) WHERE finished_at IS NULL;
CREATE INDEX job_claimed ON job (lease_until) WHERE state = 'submitting';
CREATE INDEX job_preparing ON job (run_at) WHERE state = 'preparing';
CREATE INDEX job_history ON job (person, id);
CREATE INDEX job_usage ON job (workspace, finished_at) WHERE state = 'completed';
CREATE INDEX job_pace ON job (pace, finished_at) WHERE state = 'completed';
CREATE INDEX job_ended ON job (finished_at) WHERE finished_at IS NOT NULL AND deleted = 0 AND expired = 0;

-- One row per create tried. It counts against the lane's creates per minute and remembers what a lost
-- answer can be recognised by.
CREATE TABLE attempt (
    job         TEXT NOT NULL REFERENCES job (id),
    number      INTEGER NOT NULL,
    account     TEXT NOT NULL,
    lane        TEXT NOT NULL,
    claimed_at  BIGINT NOT NULL,
    -- noted right before the request leaves; an attempt without it never left
    sent_at     BIGINT,
    fingerprint TEXT,
    -- carries a callback URL, so its generation names it
    marked      INTEGER NOT NULL DEFAULT 0 CHECK (marked IN (0, 1)),
    remote_id   TEXT,
    PRIMARY KEY (job, number)
);
CREATE INDEX attempt_recent ON attempt (account, lane, claimed_at);
CREATE INDEX attempt_generation ON attempt (account, remote_id) WHERE remote_id IS NOT NULL;
CREATE INDEX attempt_equal ON attempt (account, fingerprint) WHERE fingerprint IS NOT NULL;

CREATE TABLE job_event (
    id      {{serial}},
    job     TEXT NOT NULL REFERENCES job (id),
    at      BIGINT NOT NULL,
    before  TEXT,
    after   TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    cause   TEXT NOT NULL
);
CREATE INDEX job_event_job ON job_event (job, id);

CREATE TABLE reservation (
    job        TEXT NOT NULL REFERENCES job (id),
    meter      TEXT NOT NULL REFERENCES meter (id),
    amount     BIGINT NOT NULL CHECK (amount >= 0),
    settled_as TEXT CHECK (settled_as IN ('captured', 'released', 'refunded')),
    PRIMARY KEY (job, meter)
);

-- Append only. A meter's row is the running sum of its entries.
CREATE TABLE journal (
    id     {{serial}},
    meter  TEXT NOT NULL REFERENCES meter (id),
    job    TEXT,
    kind   TEXT NOT NULL CHECK (kind IN ('reserved', 'lowered', 'captured', 'released', 'refunded', 'reset')),
    amount BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    cause  TEXT NOT NULL
);
CREATE INDEX journal_meter ON journal (meter, id);
CREATE INDEX journal_job ON journal (job) WHERE job IS NOT NULL;
CREATE INDEX journal_reset ON journal (meter, id) WHERE kind = 'reset';

-- Who still needs a stored file; one that nobody holds is removed.
CREATE TABLE holding (
    file   TEXT NOT NULL,
    -- a job, or `upload:` and the member who sent the file for a command that is still to come
    holder TEXT NOT NULL,
    -- when it ends by itself; NULL: with its job's media
    until  BIGINT,
    PRIMARY KEY (file, holder)
);
CREATE INDEX holding_holder ON holding (holder);
CREATE INDEX holding_until ON holding (until) WHERE until IS NOT NULL;

CREATE TABLE star (
    job    TEXT NOT NULL REFERENCES job (id),
    member TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (job, member)
);

-- Events that changed something but made no card, so that a repeated one does nothing.
CREATE TABLE event (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL
);

-- Generations that nobody pays for: to be deleted at the provider, on the operator's account.
CREATE TABLE orphan_generation (
    account    TEXT NOT NULL,
    remote_id  TEXT NOT NULL,
    job        TEXT,
    cause      TEXT NOT NULL CHECK (cause IN ('late', 'superseded', 'unbound', 'deleted')),
    price      BIGINT NOT NULL,
    found_at   BIGINT NOT NULL,
    removed_at BIGINT,
    run_at     BIGINT NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, remote_id)
);
CREATE INDEX orphan_due ON orphan_generation (account, run_at) WHERE removed_at IS NULL;

CREATE TABLE lease (
    name       TEXT PRIMARY KEY,
    owner      TEXT NOT NULL,
    held_until BIGINT NOT NULL,
    fence      BIGINT NOT NULL
);

CREATE TABLE vault (
    adapter TEXT NOT NULL,
    key     TEXT NOT NULL,
    value   TEXT NOT NULL,
    seq     BIGINT NOT NULL,
    PRIMARY KEY (adapter, key)
);
CREATE INDEX vault_order ON vault (adapter, seq);
CREATE TABLE vault_seq (
    adapter TEXT PRIMARY KEY,
    seq     BIGINT NOT NULL
);

-- What chats with a gateway need: a card by its message, turns of several processes, and words of an outage.

CREATE INDEX card_message ON card (adapter, message) WHERE message IS NOT NULL;

-- when the next of those who take turns may go
CREATE TABLE turn (
    adapter TEXT NOT NULL,
    name    TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    PRIMARY KEY (adapter, name)
);

-- conversations that were told of an outage which has not ended
CREATE TABLE outage_told (
    provider  TEXT NOT NULL,
    adapter   TEXT NOT NULL,
    workspace TEXT NOT NULL,
    channel   TEXT NOT NULL,
    thread    TEXT NOT NULL DEFAULT '',
    at        BIGINT NOT NULL,
    PRIMARY KEY (provider, adapter, channel, thread)
);

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

-- Words that a provider's video models know, as it last told them: JSON lists, shared by all processes.
CREATE TABLE vocabulary (
    provider       TEXT PRIMARY KEY,
    concepts       TEXT NOT NULL,
    camera_motions TEXT NOT NULL,
    told_at        BIGINT NOT NULL
);

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

-- Accounts are held by the workers that have their keys, which may be different ones.

-- when a worker with its key last said so; NULL: not since this column exists
ALTER TABLE account ADD COLUMN held_at BIGINT;

-- The end of a job's id, which cards show and people type.
CREATE INDEX job_short ON job (substr(id, 19));

-- Guests have an allowance only by a rule that names them, which an admin who looks at their quota must see.

ALTER TABLE member ADD COLUMN guest INTEGER NOT NULL DEFAULT 0 CHECK (guest IN (0, 1));

INSERT INTO workspace (id, timezone, paused, pause_reason, created_at, waiting)
VALUES ('chat:home', 'UTC', 0, '', 1800000000000, 2);

INSERT INTO member (id, workspace, person, name, seen_at, guest)
VALUES ('chat:home:ada', 'chat:home', 'chat:ada', 'Ada', 1800000000000, 0);

INSERT INTO member (id, workspace, person, name, seen_at, guest)
VALUES ('chat:home:bob', 'chat:home', 'chat:bob', 'Bob', 1800000000000, 0);

INSERT INTO block (subject, created_at)
VALUES ('eve', 1800000000000);

INSERT INTO audit (at, actor, workspace, action, subject, detail)
VALUES (1800000000000, 'boss', 'chat:home', 'set', 'x', '{}');

INSERT INTO audit (at, actor, workspace, action, subject, detail)
VALUES (1800000000000, 'boss', 'chat:home', 'set', 'x', '{"amount":1099511627776,"period":"month"}');

INSERT INTO rule (workspace, level, subject, amount, period)
VALUES ('', 'everything', '', 1099511627776, 'month');

INSERT INTO meter (id, scope, unit, period, period_start, period_end, max_amount, used, reserved)
VALUES ('ceiling:chat:home/month/1798761600000', 'ceiling:chat:home', 'microusd', 'month', 1798761600000, 1801440000000, 1000000, 10, 30);

INSERT INTO meter (id, scope, unit, period, period_start, period_end, max_amount, used, reserved)
VALUES ('member:chat:home:ada/day/1799971200000', 'member:chat:home:ada', 'microusd', 'day', 1799971200000, 1800057600000, 1000000, 10, 20);

INSERT INTO meter (id, scope, unit, period, period_start, period_end, max_amount, used, reserved)
VALUES ('member:chat:home:bob/day/1799971200000', 'member:chat:home:bob', 'microusd', 'day', 1799971200000, 1800057600000, 1000000, 0, 10);

INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reach, private, member, person, copy_of, reaction, wanted_rev, shown_rev, shown_digest, told, posting_since, lease_owner, lease_until, run_at, tries, undeliverable, created_at)
VALUES ('card00000001', 'chat:card00000001', 'chat', 'chat:home', 'general', NULL, NULL, '', 0, 'chat:home:ada', 'chat:ada', NULL, NULL, 6, 0, '', '{}', NULL, NULL, NULL, 1800000000000, 0, NULL, 1800000000000);

INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reach, private, member, person, copy_of, reaction, wanted_rev, shown_rev, shown_digest, told, posting_since, lease_owner, lease_until, run_at, tries, undeliverable, created_at)
VALUES ('card00000003', 'chat:card00000003', 'chat', 'chat:home', 'general', NULL, NULL, '', 0, 'chat:home:ada', 'chat:ada', NULL, NULL, 5, 0, '', '{}', NULL, NULL, NULL, 1800000000000, 0, NULL, 1800000000000);

INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reach, private, member, person, copy_of, reaction, wanted_rev, shown_rev, shown_digest, told, posting_since, lease_owner, lease_until, run_at, tries, undeliverable, created_at)
VALUES ('card00000005', 'chat:card00000005', 'chat', 'chat:home', 'general', NULL, NULL, 'v2.FqLCJ-HjcH4irsdHSY3LF9IBF2QVAkq0SaylKUlMPhdS', 0, 'chat:home:bob', 'chat:bob', NULL, NULL, 3, 0, '', '{}', NULL, NULL, NULL, 1800000000000, 0, NULL, 1800000000000);

INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reach, private, member, person, copy_of, reaction, wanted_rev, shown_rev, shown_digest, told, posting_since, lease_owner, lease_until, run_at, tries, undeliverable, created_at)
VALUES ('card00000007', 'chat:card00000007', 'chat', 'chat:home', 'general', NULL, NULL, '', 0, 'chat:home:ada', 'chat:ada', NULL, NULL, 1, 0, '', '{}', NULL, NULL, NULL, 1800000000000, 0, NULL, 1800000000000);

INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reach, private, member, person, copy_of, reaction, wanted_rev, shown_rev, shown_digest, told, posting_since, lease_owner, lease_until, run_at, tries, undeliverable, created_at)
VALUES ('card00000009', 'chat:card00000009', 'chat', 'chat:home', 'general', NULL, NULL, '', 0, 'chat:home:ada', 'chat:ada', NULL, NULL, 1, 0, '', '{}', NULL, NULL, NULL, 1800000000000, 0, NULL, 1800000000000);

INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reach, private, member, person, copy_of, reaction, wanted_rev, shown_rev, shown_digest, told, posting_since, lease_owner, lease_until, run_at, tries, undeliverable, created_at)
VALUES ('card00000011', 'chat:card00000011', 'chat', 'chat:@dm', '@chat:bob', NULL, NULL, 'v2.b8IhO0MI0q5jo6uxS0GSMiCIVadbRAK3DjjkeJReuau1', 1, 'chat:home:bob', 'chat:bob', 'job00000002', NULL, 1, 0, '', '{}', NULL, NULL, NULL, 1800000000000, 0, NULL, 1800000000000);

INSERT INTO account (id, provider, state, reason, changed_at, echoed_at, held_at)
VALUES ('luma-1', 'luma', 'ready', '', 1800000000000, NULL, 1800000000000);

INSERT INTO lane (account, lane, concurrent, per_minute, cool_until)
VALUES ('luma-1', 'image', 1000, 1000, 0);

INSERT INTO clock (queue, turn)
VALUES ('luma/image', 3000000);

INSERT INTO line (queue, turn, jobs)
VALUES ('luma/image', 5000000, 1);

INSERT INTO job (id, card, position, workspace, member, person, member_name, provider, lane, queue, pace, request, makes, title, price, state, turn, attempt, account, account_required, remote_id, run_at, deadline, lease_owner, lease_until, created_at, claimed_at, submitted_at, finished_at, misses, missed_at, result, failure, parent, private, deleted, expired, refunded)
VALUES ('job00000002', 'card00000001', 0, 'chat:home', 'chat:home:ada', 'chat:ada', 'Ada', 'luma', 'image', 'luma/image', 'image/photon-1', '{"kind":"image","prompt":"a red fox","model":"photon-1","aspect_ratio":"16:9","format":"jpg","image_refs":[],"character_refs":[]}', 'picture', 'a red fox', 10, 'completed', 1000000, 1, 'luma-1', NULL, 'generation of job00000002', 1800000000000, 1800086400000, NULL, NULL, 1800000000000, 1800000000000, 1800000000000, 1800000000000, 0, NULL, '{"file":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","mime":"image/jpeg","size":1000,"width":2048,"height":1152,"duration_ms":null}', NULL, NULL, 0, 0, 0, 1);

INSERT INTO job (id, card, position, workspace, member, person, member_name, provider, lane, queue, pace, request, makes, title, price, state, turn, attempt, account, account_required, remote_id, run_at, deadline, lease_owner, lease_until, created_at, claimed_at, submitted_at, finished_at, misses, missed_at, result, failure, parent, private, deleted, expired, refunded)
VALUES ('job00000004', 'card00000003', 0, 'chat:home', 'chat:home:ada', 'chat:ada', 'Ada', 'luma', 'image', 'luma/image', 'image/photon-1', '{"kind":"image","prompt":"a red fox","model":"photon-1","aspect_ratio":"16:9","format":"jpg","image_refs":[],"character_refs":[]}', 'picture', 'a red fox', 10, 'completed', 2000000, 1, 'luma-1', NULL, 'generation of job00000004', 1800000000000, 1800086400000, NULL, NULL, 1800000000000, 1800000000000, 1800000000000, 1800000000000, 0, NULL, '{"file":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","mime":"image/jpeg","size":1000,"width":2048,"height":1152,"duration_ms":null}', NULL, NULL, 0, 1, 0, 0);

INSERT INTO job (id, card, position, workspace, member, person, member_name, provider, lane, queue, pace, request, makes, title, price, state, turn, attempt, account, account_required, remote_id, run_at, deadline, lease_owner, lease_until, created_at, claimed_at, submitted_at, finished_at, misses, missed_at, result, failure, parent, private, deleted, expired, refunded)
VALUES ('job00000006', 'card00000005', 0, 'chat:home', 'chat:home:bob', 'chat:bob', 'Bob', 'luma', 'image', 'luma/image', 'image/photon-1', '{"kind":"image","prompt":"a “quoted” \\ünïcode\n🦊","model":"photon-1","aspect_ratio":"16:9","format":"jpg","image_refs":[],"character_refs":[]}', 'picture', 'a “quoted” \ünïcode
🦊', 10, 'submitted', 3000000, 1, 'luma-1', NULL, 'generation of job00000006', 1800000000000, 1800086400000, NULL, NULL, 1800000000000, 1800000000000, 1800000000000, NULL, 0, NULL, NULL, NULL, NULL, 0, 0, 0, 0);

INSERT INTO job (id, card, position, workspace, member, person, member_name, provider, lane, queue, pace, request, makes, title, price, state, turn, attempt, account, account_required, remote_id, run_at, deadline, lease_owner, lease_until, created_at, claimed_at, submitted_at, finished_at, misses, missed_at, result, failure, parent, private, deleted, expired, refunded)
VALUES ('job00000008', 'card00000007', 0, 'chat:home', 'chat:home:ada', 'chat:ada', 'Ada', 'luma', 'image', 'luma/image', 'image/photon-1', '{"kind":"image","prompt":"a red fox","model":"photon-1","aspect_ratio":"16:9","format":"jpg","image_refs":[{"job":"job00000002","still":false,"via":"","kind":"picture"}],"character_refs":[]}', 'picture', 'a red fox', 10, 'preparing', 4000000, 0, NULL, NULL, NULL, 1800000000000, 1800086400000, NULL, NULL, 1800000000000, NULL, NULL, NULL, 0, NULL, NULL, NULL, 'job00000002', 0, 0, 0, 0);

INSERT INTO job (id, card, position, workspace, member, person, member_name, provider, lane, queue, pace, request, makes, title, price, state, turn, attempt, account, account_required, remote_id, run_at, deadline, lease_owner, lease_until, created_at, claimed_at, submitted_at, finished_at, misses, missed_at, result, failure, parent, private, deleted, expired, refunded)
VALUES ('job00000010', 'card00000009', 0, 'chat:home', 'chat:home:ada', 'chat:ada', 'Ada', 'luma', 'image', 'luma/image', 'image/photon-1', '{"kind":"image","prompt":"a red fox","model":"photon-1","aspect_ratio":"16:9","format":"jpg","image_refs":[],"character_refs":[]}', 'picture', 'a red fox', 10, 'queued', 5000000, 0, NULL, NULL, NULL, 1800000000000, 1800086400000, NULL, NULL, 1800000000000, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 0, 0, 0, 0);

INSERT INTO attempt (job, number, account, lane, claimed_at, sent_at, fingerprint, marked, remote_id)
VALUES ('job00000002', 1, 'luma-1', 'image', 1800000000000, 1800000000000, 'equal', 1, 'generation of job00000002');

INSERT INTO attempt (job, number, account, lane, claimed_at, sent_at, fingerprint, marked, remote_id)
VALUES ('job00000004', 1, 'luma-1', 'image', 1800000000000, 1800000000000, 'equal', 1, 'generation of job00000004');

INSERT INTO attempt (job, number, account, lane, claimed_at, sent_at, fingerprint, marked, remote_id)
VALUES ('job00000006', 1, 'luma-1', 'image', 1800000000000, 1800000000000, 'equal', 1, 'generation of job00000006');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000002', 1800000000000, NULL, 'queued', 0, 'accepted');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000002', 1800000000000, 'queued', 'submitting', 1, 'claimed');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000002', 1800000000000, 'submitting', 'submitted', 1, 'test');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000002', 1800000000000, 'submitted', 'completed', 1, 'test');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000004', 1800000000000, NULL, 'queued', 0, 'accepted');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000004', 1800000000000, 'queued', 'submitting', 1, 'claimed');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000004', 1800000000000, 'submitting', 'submitted', 1, 'test');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000004', 1800000000000, 'submitted', 'completed', 1, 'test');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000006', 1800000000000, NULL, 'queued', 0, 'accepted');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000006', 1800000000000, 'queued', 'submitting', 1, 'claimed');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000006', 1800000000000, 'submitting', 'submitted', 1, 'test');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000008', 1800000000000, NULL, 'preparing', 0, 'accepted');

INSERT INTO job_event (job, at, before, after, attempt, cause)
VALUES ('job00000010', 1800000000000, NULL, 'queued', 0, 'accepted');

INSERT INTO reservation (job, meter, amount, settled_as)
VALUES ('job00000002', 'member:chat:home:ada/day/1799971200000', 10, 'refunded');

INSERT INTO reservation (job, meter, amount, settled_as)
VALUES ('job00000002', 'ceiling:chat:home/month/1798761600000', 10, 'refunded');

INSERT INTO reservation (job, meter, amount, settled_as)
VALUES ('job00000004', 'member:chat:home:ada/day/1799971200000', 10, 'captured');

INSERT INTO reservation (job, meter, amount, settled_as)
VALUES ('job00000004', 'ceiling:chat:home/month/1798761600000', 10, 'captured');

INSERT INTO reservation (job, meter, amount, settled_as)
VALUES ('job00000006', 'member:chat:home:bob/day/1799971200000', 10, NULL);

INSERT INTO reservation (job, meter, amount, settled_as)
VALUES ('job00000006', 'ceiling:chat:home/month/1798761600000', 10, NULL);

INSERT INTO reservation (job, meter, amount, settled_as)
VALUES ('job00000008', 'member:chat:home:ada/day/1799971200000', 10, NULL);

INSERT INTO reservation (job, meter, amount, settled_as)
VALUES ('job00000008', 'ceiling:chat:home/month/1798761600000', 10, NULL);

INSERT INTO reservation (job, meter, amount, settled_as)
VALUES ('job00000010', 'member:chat:home:ada/day/1799971200000', 10, NULL);

INSERT INTO reservation (job, meter, amount, settled_as)
VALUES ('job00000010', 'ceiling:chat:home/month/1798761600000', 10, NULL);

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('member:chat:home:ada/day/1799971200000', 'job00000002', 'reserved', 10, 1800000000000, 'accepted');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('ceiling:chat:home/month/1798761600000', 'job00000002', 'reserved', 10, 1800000000000, 'accepted');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('ceiling:chat:home/month/1798761600000', 'job00000002', 'captured', 10, 1800000000000, 'test');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('member:chat:home:ada/day/1799971200000', 'job00000002', 'captured', 10, 1800000000000, 'test');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('member:chat:home:ada/day/1799971200000', 'job00000004', 'reserved', 10, 1800000000000, 'accepted');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('ceiling:chat:home/month/1798761600000', 'job00000004', 'reserved', 10, 1800000000000, 'accepted');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('ceiling:chat:home/month/1798761600000', 'job00000004', 'captured', 10, 1800000000000, 'test');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('member:chat:home:ada/day/1799971200000', 'job00000004', 'captured', 10, 1800000000000, 'test');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('member:chat:home:bob/day/1799971200000', 'job00000006', 'reserved', 10, 1800000000000, 'accepted');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('ceiling:chat:home/month/1798761600000', 'job00000006', 'reserved', 10, 1800000000000, 'accepted');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('member:chat:home:ada/day/1799971200000', 'job00000008', 'reserved', 10, 1800000000000, 'accepted');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('ceiling:chat:home/month/1798761600000', 'job00000008', 'reserved', 10, 1800000000000, 'accepted');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('member:chat:home:ada/day/1799971200000', 'job00000010', 'reserved', 10, 1800000000000, 'accepted');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('ceiling:chat:home/month/1798761600000', 'job00000010', 'reserved', 10, 1800000000000, 'accepted');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('ceiling:chat:home/month/1798761600000', 'job00000002', 'refunded', 10, 1800000000000, 'operator');

INSERT INTO journal (meter, job, kind, amount, at, cause)
VALUES ('member:chat:home:ada/day/1799971200000', 'job00000002', 'refunded', 10, 1800000000000, 'operator');

INSERT INTO holding (file, holder, until)
VALUES ('ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 'job00000002', NULL);

INSERT INTO holding (file, holder, until)
VALUES ('0000000000000000000000000000000000000000000000000000000000000000', 'upload:bob', 1800003600000);

INSERT INTO star (job, member, at)
VALUES ('job00000002', 'bob', 1800000000000);

INSERT INTO event (id, at)
VALUES ('e', 1800000000000);

INSERT INTO orphan_generation (account, remote_id, job, cause, price, found_at, removed_at, run_at, tries)
VALUES ('luma-1', 'generation of job00000004', 'job00000004', 'deleted', 0, 1800000000000, NULL, 1800000000000, 0);

INSERT INTO lease (name, owner, held_until, fence)
VALUES ('watch', 'one', 1800000000001, 1);

INSERT INTO vault (adapter, key, value, seq)
VALUES ('chat', 'a', 'sealed', 1);

INSERT INTO vault_seq (adapter, seq)
VALUES ('chat', 1);

INSERT INTO turn (adapter, name, next_at)
VALUES ('chat', 'identify', 1800003600000);

INSERT INTO outage_told (provider, adapter, workspace, channel, thread, at)
VALUES ('luma', 'chat', 'chat:home', 'general', '', 1800000000000);

INSERT INTO vocabulary (provider, concepts, camera_motions, told_at)
VALUES ('luma', '["pov"]', '["Orbit Left"]', 1800000000000);
