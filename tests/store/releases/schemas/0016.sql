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

-- Tables and columns get the names that the code uses for them.

ALTER TABLE line RENAME TO queue_depth;
ALTER TABLE queue_depth RENAME COLUMN turn TO virtual_time;
ALTER TABLE clock RENAME TO virtual_clock;
ALTER TABLE virtual_clock RENAME COLUMN turn TO virtual_time;
ALTER TABLE turn RENAME TO rate_slot;
ALTER TABLE holding RENAME TO file_reference;
ALTER TABLE file_reference RENAME COLUMN until TO expires_at;
ALTER TABLE vault RENAME TO adapter_data;
ALTER TABLE vault_seq RENAME TO adapter_data_seq;
ALTER TABLE outage_told RENAME TO outage_notice;
ALTER TABLE event RENAME TO handled_event;

ALTER TABLE job RENAME COLUMN turn TO virtual_time;
ALTER TABLE job RENAME COLUMN pace TO duration_class;
-- failed looks at a known generation, or failures of our own processing while the job is prepared
ALTER TABLE job RENAME COLUMN misses TO failed_tries;
ALTER TABLE job RENAME COLUMN missed_at TO failing_since;
-- what is needed to answer an interaction, encrypted
ALTER TABLE card RENAME COLUMN reach TO reply_token;
-- the estimates that its message shows for unfinished jobs
ALTER TABLE card RENAME COLUMN told TO shown_estimates;
-- its callback URL carries a token that names it
ALTER TABLE attempt RENAME COLUMN marked TO has_token;
-- when a worker with its key last registered it
ALTER TABLE account RENAME COLUMN held_at TO registered_at;
ALTER TABLE lease RENAME COLUMN held_until TO expires_at;
ALTER TABLE vocabulary RENAME COLUMN told_at TO fetched_at;

-- Indexes follow; SQLite cannot rename them.
DROP INDEX job_turn;
CREATE INDEX job_virtual_time ON job (queue, member, virtual_time);
DROP INDEX job_pace;
CREATE INDEX job_duration ON job (duration_class, finished_at) WHERE state = 'completed';
DROP INDEX holding_holder;
CREATE INDEX file_reference_holder ON file_reference (holder);
DROP INDEX holding_until;
CREATE INDEX file_reference_expiry ON file_reference (expires_at) WHERE expires_at IS NOT NULL;
DROP INDEX vault_order;
CREATE INDEX adapter_data_order ON adapter_data (adapter, seq);

-- Balances that the providers' accounts reported. A row is written only if something changed.
CREATE TABLE credit_reading (
    account   TEXT NOT NULL REFERENCES account (id),
    at        BIGINT NOT NULL,
    balance   BIGINT NOT NULL,
    -- generations that the account was working on at that time
    in_flight INTEGER NOT NULL,
    PRIMARY KEY (account, at)
);

-- What the provider took between two readings, where only finished jobs of one class lie between them.
CREATE TABLE price_check (
    account        TEXT NOT NULL REFERENCES account (id),
    at             BIGINT NOT NULL,
    duration_class TEXT NOT NULL,
    jobs           INTEGER NOT NULL,
    expected       BIGINT NOT NULL,
    actual         BIGINT NOT NULL,
    PRIMARY KEY (account, at)
);

CREATE INDEX job_account_spending ON job (account, finished_at) WHERE state = 'completed';

-- A film of the generation's progress, as JSON like `result`; NULL unless it runs and the provider gave one.
ALTER TABLE job ADD COLUMN preview TEXT;

-- A change of a video, such as a higher resolution, may be answered with the generation that it changes. That
-- generation then belongs to both jobs; every other one still belongs to one job.

-- the generation that the job changes
ALTER TABLE job ADD COLUMN edited_generation TEXT;
DROP INDEX job_generation;
CREATE INDEX job_generation ON job (account, remote_id) WHERE remote_id IS NOT NULL;
CREATE UNIQUE INDEX job_own_generation ON job (account, remote_id)
    WHERE remote_id IS NOT NULL AND (edited_generation IS NULL OR edited_generation <> remote_id);

-- Whose key opens an account: a workspace, or NULL for the operator.
ALTER TABLE account ADD COLUMN workspace TEXT;

-- The API keys that workspaces entered. A removed one is kept until nothing of its account is in flight.
CREATE TABLE workspace_key (
    account     TEXT PRIMARY KEY REFERENCES account (id),
    workspace   TEXT NOT NULL REFERENCES workspace (id),
    -- encrypted for this workspace and account
    value       TEXT NOT NULL,
    -- what may be shown of it
    masked      TEXT NOT NULL,
    -- name of the admin
    set_by      TEXT NOT NULL,
    set_at      BIGINT NOT NULL,
    removed_at  BIGINT
);
CREATE UNIQUE INDEX workspace_key_current ON workspace_key (workspace) WHERE removed_at IS NULL;
CREATE INDEX job_account_required ON job (account_required) WHERE finished_at IS NULL AND account_required IS NOT NULL;

-- Rules in pictures and videos, for roles and channels; caps of several periods beside each other.
CREATE TABLE allowance (
    workspace TEXT NOT NULL,
    level     TEXT NOT NULL CHECK (level IN ('member', 'role', 'person', 'channel', 'workspace', 'ceiling', 'everything')),
    subject   TEXT NOT NULL,
    unit      TEXT NOT NULL CHECK (unit IN ('money', 'pictures', 'videos')),
    period    TEXT NOT NULL CHECK (period IN ('day', 'week', 'month')),
    -- in its unit; money is micro-dollars
    amount    BIGINT NOT NULL CHECK (amount >= 0),
    -- name of the subject when the rule was set
    label     TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (workspace, level, subject, unit, period)
);
INSERT INTO allowance (workspace, level, subject, unit, period, amount)
SELECT workspace, level, subject, 'money', period, amount FROM rule;
DROP TABLE rule;

ALTER TABLE meter DROP COLUMN unit;
ALTER TABLE meter ADD COLUMN unit TEXT NOT NULL DEFAULT 'money' CHECK (unit IN ('money', 'pictures', 'videos'));
-- added to `max_amount` for this period
ALTER TABLE meter ADD COLUMN granted BIGINT NOT NULL DEFAULT 0 CHECK (granted >= 0);
-- a spending cap of a whole workspace or of everything
ALTER TABLE meter ADD COLUMN is_cap INTEGER NOT NULL DEFAULT 0 CHECK (is_cap IN (0, 1));
UPDATE meter SET is_cap = 1 WHERE scope LIKE 'workspace:%' OR scope LIKE 'ceiling:%' OR scope LIKE 'everything:%';
DROP INDEX meter_scope;
CREATE INDEX meter_current ON meter (scope, period_end);
CREATE INDEX meter_cap ON meter (period_end) WHERE is_cap = 1;

-- Append only. What is granted on a meter is the sum of its entries.
CREATE TABLE quota_grant (
    -- made before it is written, so that a repeated write grants nothing twice; begins with its time
    id     TEXT PRIMARY KEY,
    meter  TEXT NOT NULL REFERENCES meter (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    reason TEXT NOT NULL,
    actor  TEXT NOT NULL,
    at     BIGINT NOT NULL
);
CREATE INDEX quota_grant_meter ON quota_grant (meter, id);

-- Who was told about a cap in its period: admins ('' as target) or a conversation.
CREATE TABLE cap_notice (
    meter  TEXT NOT NULL REFERENCES meter (id),
    kind   TEXT NOT NULL CHECK (kind IN ('near', 'reached')),
    target TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (meter, kind, target)
);

-- ids of the roles that a member had when they were last seen, a list
ALTER TABLE member ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';

-- milliseconds between two commands of a member, and how many unfinished jobs each may have; 0: no limit
ALTER TABLE workspace ADD COLUMN cooldown_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE workspace ADD COLUMN max_open BIGINT NOT NULL DEFAULT 0;
-- lists of {id, name}; empty: all
ALTER TABLE workspace ADD COLUMN channels TEXT NOT NULL DEFAULT '[]';
ALTER TABLE workspace ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';
ALTER TABLE workspace ADD COLUMN reactions INTEGER NOT NULL DEFAULT 1 CHECK (reactions IN (0, 1));
-- {id, name} of the channel for warnings, and its adapter; empty: none
ALTER TABLE workspace ADD COLUMN admin_channel TEXT NOT NULL DEFAULT '';
ALTER TABLE workspace ADD COLUMN admin_adapter TEXT NOT NULL DEFAULT '';

-- What the admins of a workspace decide: rules as one JSON record, held jobs, votes, and cards for moderators.

ALTER TABLE workspace ADD COLUMN policy TEXT NOT NULL DEFAULT '{}';

-- what a held job waits for; kept once it is no longer held
ALTER TABLE job ADD COLUMN hold TEXT CHECK (hold IN ('confirmation', 'approval'));
ALTER TABLE job ADD COLUMN spoiler INTEGER NOT NULL DEFAULT 0 CHECK (spoiler IN (0, 1));

-- why a card shows a job to the moderators, and what they read beside it
ALTER TABLE card ADD COLUMN purpose TEXT CHECK (purpose IN ('report', 'approval'));
ALTER TABLE card ADD COLUMN note TEXT NOT NULL DEFAULT '';

-- Reactions that count as votes: a member counts once for each emoji under a job.
CREATE TABLE vote (
    job    TEXT NOT NULL REFERENCES job (id),
    emoji  TEXT NOT NULL,
    member TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (job, emoji, member)
);

-- Conditions that the operator is told about, by their ids.
CREATE TABLE alert (
    id       TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,
    text     TEXT NOT NULL,
    remedy   TEXT NOT NULL,
    state    TEXT NOT NULL CHECK (state IN ('found', 'raised', 'resolved')),
    -- when any process last found the condition
    found_at BIGINT NOT NULL,
    told_at  BIGINT,
    -- names the alert in the messages about it
    notice   TEXT NOT NULL DEFAULT ''
);

-- Messages about alerts that are still to be sent.
CREATE TABLE alert_notice (
    id     TEXT PRIMARY KEY,
    -- 'webhook', or an operator
    target TEXT NOT NULL,
    alert  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    state  TEXT NOT NULL CHECK (state IN ('raised', 'resolved')),
    text   TEXT NOT NULL,
    remedy TEXT NOT NULL,
    at     BIGINT NOT NULL,
    tries  INTEGER NOT NULL DEFAULT 0,
    run_at BIGINT NOT NULL
);
CREATE INDEX alert_notice_target ON alert_notice (target, id);

-- How long a workspace's audit is kept; NULL: as the operator's settings say.
ALTER TABLE workspace ADD COLUMN audit_days INTEGER;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_workspace_at ON audit (workspace, at);

INSERT INTO workspace (id, timezone, paused, pause_reason, created_at, waiting, cooldown_ms, max_open, channels, roles, reactions, admin_channel, admin_adapter, policy, audit_days)
VALUES ('chat:keyed', 'UTC', 0, '', 1800000000000, 0, 0, 0, '[]', '[]', 1, '', '', '{}', NULL);

INSERT INTO workspace (id, timezone, paused, pause_reason, created_at, waiting, cooldown_ms, max_open, channels, roles, reactions, admin_channel, admin_adapter, policy, audit_days)
VALUES ('chat:home', 'UTC', 0, '', 1800000000000, 2, 0, 0, '[]', '[]', 1, '', '', '{"words":[{"by":"Boss","at":1800000000000,"pattern":"bad*"}]}', NULL);

INSERT INTO member (id, workspace, person, name, seen_at, guest, roles)
VALUES ('chat:home:ada', 'chat:home', 'chat:ada', 'Ada', 1800000000000, 0, '[]');

INSERT INTO member (id, workspace, person, name, seen_at, guest, roles)
VALUES ('chat:home:bob', 'chat:home', 'chat:bob', 'Bob', 1800000000000, 0, '[]');

INSERT INTO block (subject, created_at)
VALUES ('eve', 1800000000000);

INSERT INTO audit (at, actor, workspace, action, subject, detail)
VALUES (1800000000000, 'boss', 'chat:keyed', 'set', 'luma-own', '{"key":"luma-…3f9a","replaced":false,"moved":0}');

INSERT INTO audit (at, actor, workspace, action, subject, detail)
VALUES (1800000000000, 'boss', 'chat:home', 'set', 'x', '{"before":{"blocked":false},"after":{"blocked":true}}');

INSERT INTO audit (at, actor, workspace, action, subject, detail)
VALUES (1800000000000, 'boss', 'chat:home', 'set', 'x', '{"unit":"money","period":"month","amount":1099511627776,"before":[]}');

INSERT INTO audit (at, actor, workspace, action, subject, detail)
VALUES (1800000000000, 'boss', 'chat:home', 'set', 'x', '{"unit":"money","amount":1000,"reason":"won"}');

INSERT INTO audit (at, actor, workspace, action, subject, detail)
VALUES (1800000000000, 'boss', 'chat:home', 'set', 'x', '{"before":{"words":[]},"after":{"words":[{"by":"Boss","at":1800000000000,"pattern":"bad*","age_restricted":false}]}}');

INSERT INTO allowance (workspace, level, subject, unit, period, amount, label)
VALUES ('', 'everything', '', 'money', 'month', 1099511627776, '');

INSERT INTO meter (id, scope, period, period_start, period_end, max_amount, used, reserved, unit, granted, is_cap)
VALUES ('ceiling:chat:home/month/1798761600000', 'ceiling:chat:home', 'month', 1798761600000, 1801440000000, 1000000, 10, 30, 'money', 0, 1);

INSERT INTO meter (id, scope, period, period_start, period_end, max_amount, used, reserved, unit, granted, is_cap)
VALUES ('member:chat:home:ada/day/1799971200000', 'member:chat:home:ada', 'day', 1799971200000, 1800057600000, 1000000, 10, 20, 'money', 1000, 0);

INSERT INTO meter (id, scope, period, period_start, period_end, max_amount, used, reserved, unit, granted, is_cap)
VALUES ('member:chat:home:bob/day/1799971200000', 'member:chat:home:bob', 'day', 1799971200000, 1800057600000, 1000000, 0, 10, 'money', 0, 0);

INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reply_token, private, member, person, copy_of, reaction, wanted_rev, shown_rev, shown_digest, shown_estimates, posting_since, lease_owner, lease_until, run_at, tries, undeliverable, created_at, purpose, note)
VALUES ('card00000001', 'chat:card00000001', 'chat', 'chat:home', 'general', NULL, NULL, '', 0, 'chat:home:ada', 'chat:ada', NULL, NULL, 6, 0, '', '{}', NULL, NULL, NULL, 1800000000000, 0, NULL, 1800000000000, NULL, '');

INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reply_token, private, member, person, copy_of, reaction, wanted_rev, shown_rev, shown_digest, shown_estimates, posting_since, lease_owner, lease_until, run_at, tries, undeliverable, created_at, purpose, note)
VALUES ('card00000003', 'chat:card00000003', 'chat', 'chat:home', 'general', NULL, NULL, '', 0, 'chat:home:ada', 'chat:ada', NULL, NULL, 5, 0, '', '{}', NULL, NULL, NULL, 1800000000000, 0, NULL, 1800000000000, NULL, '');

INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reply_token, private, member, person, copy_of, reaction, wanted_rev, shown_rev, shown_digest, shown_estimates, posting_since, lease_owner, lease_until, run_at, tries, undeliverable, created_at, purpose, note)
VALUES ('card00000005', 'chat:card00000005', 'chat', 'chat:home', 'general', NULL, NULL, 'v2.0fauwYOHhVxYGQZMZ380DfGY8OrmG-vt3xvplGQmLvkl', 0, 'chat:home:bob', 'chat:bob', NULL, NULL, 3, 0, '', '{}', NULL, NULL, NULL, 1800000000000, 0, NULL, 1800000000000, NULL, '');

INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reply_token, private, member, person, copy_of, reaction, wanted_rev, shown_rev, shown_digest, shown_estimates, posting_since, lease_owner, lease_until, run_at, tries, undeliverable, created_at, purpose, note)
VALUES ('card00000007', 'chat:card00000007', 'chat', 'chat:home', 'general', NULL, NULL, '', 0, 'chat:home:ada', 'chat:ada', NULL, NULL, 1, 0, '', '{}', NULL, NULL, NULL, 1800000000000, 0, NULL, 1800000000000, NULL, '');

INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reply_token, private, member, person, copy_of, reaction, wanted_rev, shown_rev, shown_digest, shown_estimates, posting_since, lease_owner, lease_until, run_at, tries, undeliverable, created_at, purpose, note)
VALUES ('card00000009', 'chat:card00000009', 'chat', 'chat:home', 'general', NULL, NULL, '', 0, 'chat:home:ada', 'chat:ada', NULL, NULL, 1, 0, '', '{}', NULL, NULL, NULL, 1800000000000, 0, NULL, 1800000000000, NULL, '');

INSERT INTO card (id, event, adapter, workspace, channel, thread, message, reply_token, private, member, person, copy_of, reaction, wanted_rev, shown_rev, shown_digest, shown_estimates, posting_since, lease_owner, lease_until, run_at, tries, undeliverable, created_at, purpose, note)
VALUES ('card00000013', 'chat:card00000013', 'chat', 'chat:@dm', '@chat:bob', NULL, NULL, 'v2.apgpYsLr1RFq0RgtVXnzf3MTX1tkuSvHysLWKvEK8vIH', 1, 'chat:home:bob', 'chat:bob', 'job00000002', NULL, 1, 0, '', '{}', NULL, NULL, NULL, 1800000000000, 0, NULL, 1800000000000, NULL, '');

INSERT INTO account (id, provider, state, reason, changed_at, echoed_at, registered_at, workspace)
VALUES ('luma-1', 'luma', 'ready', '', 1800000000000, NULL, 1800000000000, NULL);

INSERT INTO account (id, provider, state, reason, changed_at, echoed_at, registered_at, workspace)
VALUES ('luma-own', 'luma', 'ready', '', 1800000000000, NULL, 1800000000000, 'chat:keyed');

INSERT INTO workspace_key (account, workspace, value, masked, set_by, set_at, removed_at)
VALUES ('luma-own', 'chat:keyed', 'sealed', 'luma-…3f9a', 'Boss', 1800000000000, NULL);

INSERT INTO lane (account, lane, concurrent, per_minute, cool_until)
VALUES ('luma-1', 'image', 1000, 1000, 0);

INSERT INTO credit_reading (account, at, balance, in_flight)
VALUES ('luma-1', 1799996400000, 5000000, 0);

INSERT INTO credit_reading (account, at, balance, in_flight)
VALUES ('luma-1', 1800003600000, 4900000, 0);

INSERT INTO price_check (account, at, duration_class, jobs, expected, actual)
VALUES ('luma-1', 1800003600000, 'image/photon-1', 2, 20, 100000);

INSERT INTO virtual_clock (queue, virtual_time)
VALUES ('luma/image', 3000000);

INSERT INTO queue_depth (queue, virtual_time, jobs)
VALUES ('luma/image', 5000000, 1);

INSERT INTO job (id, card, position, workspace, member, person, member_name, provider, lane, queue, duration_class, request, makes, title, price, state, virtual_time, attempt, account, account_required, remote_id, run_at, deadline, lease_owner, lease_until, created_at, claimed_at, submitted_at, finished_at, failed_tries, failing_since, result, failure, parent, private, deleted, expired, refunded, preview, edited_generation, hold, spoiler)
VALUES ('job00000002', 'card00000001', 0, 'chat:home', 'chat:home:ada', 'chat:ada', 'Ada', 'luma', 'image', 'luma/image', 'image/photon-1', '{"kind":"image","prompt":"a red fox","model":"photon-1","aspect_ratio":"16:9","follows_picture":false,"format":"jpg","image_refs":[],"character_refs":[]}', 'picture', 'a red fox', 10, 'completed', 1000000, 1, 'luma-1', NULL, 'generation of job00000002', 1800000000000, 1800086400000, NULL, NULL, 1800000000000, 1800000000000, 1800000000000, 1800000000000, 0, NULL, '{"file":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","mime":"image/jpeg","size":1000,"width":2048,"height":1152,"duration_ms":null}', NULL, NULL, 0, 0, 0, 1, NULL, NULL, NULL, 0);

INSERT INTO job (id, card, position, workspace, member, person, member_name, provider, lane, queue, duration_class, request, makes, title, price, state, virtual_time, attempt, account, account_required, remote_id, run_at, deadline, lease_owner, lease_until, created_at, claimed_at, submitted_at, finished_at, failed_tries, failing_since, result, failure, parent, private, deleted, expired, refunded, preview, edited_generation, hold, spoiler)
VALUES ('job00000004', 'card00000003', 0, 'chat:home', 'chat:home:ada', 'chat:ada', 'Ada', 'luma', 'image', 'luma/image', 'image/photon-1', '{"kind":"image","prompt":"a red fox","model":"photon-1","aspect_ratio":"16:9","follows_picture":false,"format":"jpg","image_refs":[],"character_refs":[]}', 'picture', 'a red fox', 10, 'completed', 2000000, 1, 'luma-1', NULL, 'generation of job00000004', 1800000000000, 1800086400000, NULL, NULL, 1800000000000, 1800000000000, 1800000000000, 1800000000000, 0, NULL, '{"file":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff","mime":"image/jpeg","size":1000,"width":2048,"height":1152,"duration_ms":null}', NULL, NULL, 0, 1, 0, 0, NULL, NULL, NULL, 0);

INSERT INTO job (id, card, position, workspace, member, person, member_name, provider, lane, queue, duration_class, request, makes, title, price, state, virtual_time, attempt, account, account_required, remote_id, run_at, deadline, lease_owner, lease_until, created_at, claimed_at, submitted_at, finished_at, failed_tries, failing_since, result, failure, parent, private, deleted, expired, refunded, preview, edited_generation, hold, spoiler)
VALUES ('job00000006', 'card00000005', 0, 'chat:home', 'chat:home:bob', 'chat:bob', 'Bob', 'luma', 'image', 'luma/image', 'image/photon-1', '{"kind":"image","prompt":"a “quoted” \\ünïcode\n🦊","model":"photon-1","aspect_ratio":"16:9","follows_picture":false,"format":"jpg","image_refs":[],"character_refs":[]}', 'picture', 'a “quoted” \ünïcode
🦊', 10, 'submitted', 3000000, 1, 'luma-1', NULL, 'generation of job00000006', 1800000000000, 1800086400000, NULL, NULL, 1800000000000, 1800000000000, 1800000000000, NULL, 0, NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, 0);

INSERT INTO job (id, card, position, workspace, member, person, member_name, provider, lane, queue, duration_class, request, makes, title, price, state, virtual_time, attempt, account, account_required, remote_id, run_at, deadline, lease_owner, lease_until, created_at, claimed_at, submitted_at, finished_at, failed_tries, failing_since, result, failure, parent, private, deleted, expired, refunded, preview, edited_generation, hold, spoiler)
VALUES ('job00000008', 'card00000007', 0, 'chat:home', 'chat:home:ada', 'chat:ada', 'Ada', 'luma', 'image', 'luma/image', 'image/photon-1', '{"kind":"image","prompt":"a red fox","model":"photon-1","aspect_ratio":"16:9","follows_picture":false,"format":"jpg","image_refs":[{"job":"job00000002","still":false,"via":"","kind":"picture"}],"character_refs":[]}', 'picture', 'a red fox', 10, 'preparing', 4000000, 0, NULL, NULL, NULL, 1800000000000, 1800086400000, NULL, NULL, 1800000000000, NULL, NULL, NULL, 0, NULL, NULL, NULL, 'job00000002', 0, 0, 0, 0, NULL, NULL, NULL, 0);

INSERT INTO job (id, card, position, workspace, member, person, member_name, provider, lane, queue, duration_class, request, makes, title, price, state, virtual_time, attempt, account, account_required, remote_id, run_at, deadline, lease_owner, lease_until, created_at, claimed_at, submitted_at, finished_at, failed_tries, failing_since, result, failure, parent, private, deleted, expired, refunded, preview, edited_generation, hold, spoiler)
VALUES ('job00000010', 'card00000009', 0, 'chat:home', 'chat:home:ada', 'chat:ada', 'Ada', 'luma', 'image', 'luma/image', 'image/photon-1', '{"kind":"image","prompt":"a red fox","model":"photon-1","aspect_ratio":"16:9","follows_picture":false,"format":"jpg","image_refs":[],"character_refs":[]}', 'picture', 'a red fox', 10, 'queued', 5000000, 0, NULL, NULL, NULL, 1800000000000, 1800086400000, NULL, NULL, 1800000000000, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, 0);

INSERT INTO attempt (job, number, account, lane, claimed_at, sent_at, fingerprint, has_token, remote_id)
VALUES ('job00000002', 1, 'luma-1', 'image', 1800000000000, 1800000000000, 'equal', 1, 'generation of job00000002');

INSERT INTO attempt (job, number, account, lane, claimed_at, sent_at, fingerprint, has_token, remote_id)
VALUES ('job00000004', 1, 'luma-1', 'image', 1800000000000, 1800000000000, 'equal', 1, 'generation of job00000004');

INSERT INTO attempt (job, number, account, lane, claimed_at, sent_at, fingerprint, has_token, remote_id)
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

INSERT INTO quota_grant (id, meter, amount, reason, actor, at)
VALUES ('grant', 'member:chat:home:ada/day/1799971200000', 1000, 'won', 'boss', 1800000000000);

INSERT INTO cap_notice (meter, kind, target, at)
VALUES ('member:chat:home:ada/day/1799971200000', 'near', '', 1800000000000);

INSERT INTO file_reference (file, holder, expires_at)
VALUES ('ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 'job00000002', NULL);

INSERT INTO file_reference (file, holder, expires_at)
VALUES ('0000000000000000000000000000000000000000000000000000000000000000', 'upload:bob', 1800003600000);

INSERT INTO star (job, member, at)
VALUES ('job00000002', 'bob', 1800000000000);

INSERT INTO vote (job, emoji, member, at)
VALUES ('job00000002', '🔥', 'bob', 1800000000000);

INSERT INTO handled_event (id, at)
VALUES ('e', 1800000000000);

INSERT INTO orphan_generation (account, remote_id, job, cause, price, found_at, removed_at, run_at, tries)
VALUES ('luma-1', 'generation of job00000004', 'job00000004', 'deleted', 0, 1800000000000, NULL, 1800000000000, 0);

INSERT INTO lease (name, owner, expires_at, fence)
VALUES ('watch', 'one', 1800000000001, 1);

INSERT INTO adapter_data (adapter, key, value, seq)
VALUES ('chat', 'a', 'sealed', 1);

INSERT INTO adapter_data_seq (adapter, seq)
VALUES ('chat', 1);

INSERT INTO rate_slot (adapter, name, next_at)
VALUES ('chat', 'identify', 1800003600000);

INSERT INTO outage_notice (provider, adapter, workspace, channel, thread, at)
VALUES ('luma', 'chat', 'chat:home', 'general', '', 1800000000000);

INSERT INTO alert (id, kind, text, remedy, state, found_at, told_at, notice)
VALUES ('disk_low:/data', 'disk_low', 'It is full.', 'Make room.', 'raised', 1800000000000, 1800000000000, '1');

INSERT INTO alert_notice (id, target, alert, kind, state, text, remedy, at, tries, run_at)
VALUES ('2', 'webhook', '1', 'disk_low', 'raised', 'It is full.', 'Make room.', 1800000000000, 0, 1800000000000);

INSERT INTO vocabulary (provider, concepts, camera_motions, fetched_at)
VALUES ('luma', '["pov"]', '["Orbit Left"]', 1800000000000);
