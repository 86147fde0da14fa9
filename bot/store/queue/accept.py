"""T1: accept commands. A card and its jobs are inserted and their money reserved, or the command is refused.

Many acceptances share a transaction, and one refusal never fails the batch: each is decided here in the order
of arrival, against meters that this transaction has locked.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from bot.domain.access import (
    Pace,
    Workspace,
    blockable_subjects,
    check_access,
    check_open,
    check_pace,
    check_queue_limits,
)
from bot.domain.errors import NotAllowed, Refused, StoreError
from bot.domain.identity import Caller
from bot.domain.jobs.job import Hold, Job, State
from bot.domain.money.limits import limits_for
from bot.domain.money.quota import PERSONAL_LEVELS, Limit, Meter, Rules
from bot.store.admin.workspaces import add_workspaces, blocked_subjects
from bot.store.database.base import Row, Transaction
from bot.store.database.named_sql import load
from bot.store.file_refs import FileReference, add_references
from bot.store.queue.acceptance import (
    Acceptance,
    AcceptedCard,
    NewCard,
    NewJob,
    approval_copy,
    card_of,
    job_of,
    new_card_row,
    terms_of,
)
from bot.store.queue.card_copies import CardCopy, insert_copies
from bot.store.queue.queue_stats import QueuePosition, queue_positions
from bot.store.queue.votes import Vote, Voters, count_vote, insert_votes, lock_and_count
from bot.store.quotas.counters import StateChange, update_counters
from bot.store.quotas.limits import open_meters, rules_for
from bot.store.quotas.links import Link, linked_caller, links_of
from bot.store.rows import member_row, new_job_row, workspace_from

sql, cards, jobs = load("queue/accept"), load("queue/cards"), load("queue/jobs")
limits_sql, workspaces_sql = load("quotas/limits"), load("admin/workspaces")

#: advance of a member's virtual time by one job of weight 1
VIRTUAL_TIME_STEP = 1_000_000


@dataclass(slots=True)
class _Batch:
    """What the transaction has read and will write."""

    #: event → card, of those accepted before
    known: dict[str, str]
    #: reaction → when it was last accepted, and its card
    reactions: dict[str, tuple[int, str]]
    workspaces: Mapping[str, Workspace]
    #: the link of each caller: when their limits were read, and once the meters were locked
    links: Mapping[str, str]
    links_now: Mapping[str, str]
    blocked: frozenset[str]
    #: the limits on each item's caller, by its card; a refusal where they cannot be known
    limits: Mapping[str, tuple[Limit, ...] | Refused]
    meters: dict[str, Meter]
    waiting_member: dict[str, int]
    #: of members whose workspace limits them: jobs that have not ended, and when the last one was made
    unfinished: dict[str, int]
    last_at: dict[str, int | None]
    waiting_workspace: dict[str, int]
    #: queue, member → virtual time of the last job
    virtual_times: dict[tuple[str, str], int]
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    jobs: list[Job] = field(default_factory=list)
    #: of the queued jobs, filled once they are inserted
    queue_positions: dict[str, QueuePosition] = field(default_factory=dict)
    references: list[FileReference] = field(default_factory=list)
    #: members who have voted, and the votes to insert
    voters: Voters = field(default_factory=dict)
    votes: list[Vote] = field(default_factory=list)
    #: cards for the moderators
    copies: list[CardCopy] = field(default_factory=list)
    #: what to reserve, by meter and in its unit
    reserved: dict[str, int] = field(default_factory=lambda: defaultdict(int))


async def accept(tx: Transaction, items: Sequence[Acceptance]) -> Sequence[AcceptedCard | Exception]:
    """Accept or refuse each item; a refusal is a `Refused` in its place."""
    links = await links_of(tx, (item.caller.person for item in items))
    items = [_with_links(item, links) for item in items]
    batch = await _read(tx, items, {person: link.id for person, link in links.items()})
    results: list[AcceptedCard | Exception] = []
    for item in items:
        if (card := _known_card(batch, item)) is not None:
            results.append(AcceptedCard(card=card, repeated=True))
            continue
        try:
            new = _decide(batch, item)
        except Refused as refusal:
            results.append(refusal)
        else:
            if new is None:
                assert item.vote is not None  # noqa: S101 - nothing else is counted
                results.append(AcceptedCard(card="", votes=len(batch.voters[item.vote.subject])))
                continue
            batch.known[item.event] = item.card
            if item.reaction is not None:
                batch.reactions[item.reaction] = (item.now, item.card)
            results.append(AcceptedCard(card=item.card, new=new))
    if batch.rows:
        await _write(tx, batch)
    await insert_votes(tx, batch.votes)
    if batch.copies:
        await insert_copies(tx, batch.copies)
    return [await _with_rows(tx, result) for result in results]


def _with_links(item: Acceptance, links: Mapping[str, Link]) -> Acceptance:
    caller = linked_caller(item.caller, links)
    # A copy of so many fields takes longer than all checks of a command.
    return item if caller is item.caller else replace(item, caller=caller)


async def _with_rows(tx: Transaction, result: AcceptedCard | Exception) -> AcceptedCard | Exception:
    """Read the rows of a repeated card inside the transaction, because a read after the commit may fail."""
    if isinstance(result, Exception) or not result.repeated:
        return result
    row = await tx.one(cards.card, id=result.card)
    return replace(result, rows=(row, await tx.fetch(jobs.jobs_of_cards, cards=[result.card])))


def _known_card(batch: _Batch, item: Acceptance) -> str | None:
    """The card of the same event, or of the same reaction a short while ago."""
    if (card := batch.known.get(item.event)) is not None or item.reaction is None:
        return card
    since, latest = batch.reactions.get(item.reaction, (0, None))
    return latest if since > item.reaction_since else None


async def _read(tx: Transaction, items: Sequence[Acceptance], links: Mapping[str, str]) -> _Batch:
    callers = [item.caller for item in items]
    ids = sorted({caller.workspace for caller in callers})
    now = items[0].now
    workspaces = await _workspaces(tx, ids, now)
    blocked = await blocked_subjects(tx, chain.from_iterable(map(blockable_subjects, callers)))
    rules = Rules(await rules_for(tx, callers, (item.place.channel for item in items)))
    limits = {item.card: _limits(item, rules, workspaces[item.caller.workspace]) for item in items}
    # Whoever locks jobs and meters locks the jobs first.
    voters = await lock_and_count(tx, [item.vote for item in items if item.vote is not None])
    meters = await open_meters(
        tx, (limit for some in limits.values() if not isinstance(some, Refused) for limit in some)
    )
    # Only now: another replica may have accepted the same event, and held the meters until it committed.
    known = await tx.fetch(sql.known_events, events=[item.event for item in items])
    waiting = await _waiting(tx, callers, ids, now)
    return _Batch(
        known={row["event"]: row["id"] for row in known},
        reactions=await _reactions(tx, items),
        workspaces=workspaces,
        links=links,
        links_now={row["person"]: row["link"] for row in waiting if row["link"]},
        blocked=blocked,
        limits=limits,
        meters=meters,
        waiting_member={row["member"]: row["jobs"] for row in waiting if row["member"]},
        unfinished={row["member"]: row["unfinished"] or 0 for row in waiting if row["member"]},
        last_at={row["member"]: row["last_at"] for row in waiting if row["member"]},
        waiting_workspace={row["workspace"]: row["jobs"] for row in waiting if not row["member"]},
        virtual_times=await _virtual_times(tx, items),
        voters=voters,
    )


def _limits(item: Acceptance, rules: Rules, workspace: Workspace) -> tuple[Limit, ...] | Refused:
    """The limits on what an item spends; a refusal fails that item alone."""
    try:
        limits = limits_for(
            item.caller,
            rules,
            item.defaults,
            now=item.now,
            zone=workspace.timezone,
            channel=item.place.channel,
            own_key=workspace.own_account is not None,
            group=workspace.group,
        )
    except Refused as refusal:
        return refusal
    if not item.paid_by_workspace:
        return limits
    return tuple(limit for limit in limits if limit.level not in PERSONAL_LEVELS)


async def _waiting(
    tx: Transaction, callers: Sequence[Caller], workspaces: Sequence[str], now: int
) -> Sequence[Row]:
    """How many jobs wait for each member, and in each workspace as a whole. Inserts unknown members."""
    members = {caller.member: member_row(caller, now) for caller in callers}
    rows = await tx.fetch(workspaces_sql.waiting, members=list(members.values()), workspaces=workspaces)
    # Most are known, and a read is cheaper than an update that changes nothing.
    if unknown := [members[row["member"]] for row in rows if row["member"] and not row["known"]]:
        await tx.run(workspaces_sql.upsert_members, items=unknown)
    return rows


async def _workspaces(tx: Transaction, ids: Sequence[str], now: int) -> dict[str, Workspace]:
    rows = await tx.fetch(workspaces_sql.workspaces, ids=ids)
    if len(rows) < len(ids):
        await add_workspaces(tx, ids, now=now)
        rows = await tx.fetch(workspaces_sql.workspaces, ids=ids)
    return {row["id"]: workspace_from(row) for row in rows}


async def _reactions(tx: Transaction, items: Sequence[Acceptance]) -> dict[str, tuple[int, str]]:
    reactions = sorted({item.reaction for item in items if item.reaction is not None})
    if not reactions:
        return {}
    since = min(item.reaction_since for item in items if item.reaction is not None)
    rows = await tx.fetch(sql.known_reactions, reactions=reactions, since=since)
    return {row["reaction"]: (row["created_at"], row["id"]) for row in rows}


async def _virtual_times(tx: Transaction, items: Sequence[Acceptance]) -> dict[tuple[str, str], int]:
    """Virtual time of each member's last job in each queue, or of the queue itself where that is later."""
    pairs = {(job.queue, item.caller.member) for item in items for job in item.jobs}
    rows = await tx.fetch(
        sql.last_virtual_times, items=[{"queue": queue, "member": member} for queue, member in sorted(pairs)]
    )
    return {(row["queue"], row["member"]): row["virtual_time"] for row in rows}


def _decide(batch: _Batch, item: Acceptance) -> NewCard | None:
    """Refuse an item, or add to the batch everything that accepting it writes; None for one vote of many."""
    caller = item.caller
    workspace = batch.workspaces[caller.workspace]
    check_open(workspace, batch.blocked, caller)
    check_access(workspace.access, caller, item.place)
    if batch.links_now.get(caller.person) != batch.links.get(caller.person):
        # They would be counted on other meters than those that were locked.
        raise NotAllowed("Your links have just been changed. Please try again.")
    if item.own_account != (workspace.own_account.id if workspace.own_account else None):
        # Somebody else would pay than what the caller was told.
        raise NotAllowed("The API key of this workspace has just been changed. Please try again.")
    terms = terms_of(workspace.policy, item)
    if item.vote is not None and count_vote(batch.voters, item.vote) < item.vote.needed:
        batch.votes.append(item.vote)
        return None
    limits = _reserve(batch, item, workspace.pace)
    batch.rows["cards"].append(new_card_row(item))
    new_jobs = []
    for position, new in enumerate(item.jobs):
        virtual_time = batch.virtual_times[new.queue, caller.member] + VIRTUAL_TIME_STEP
        batch.virtual_times[new.queue, caller.member] = virtual_time
        new_jobs.append(job := job_of(item, new, position, virtual_time, terms=terms))
        batch.rows["jobs"].append(new_job_row(job, duration_class=new.duration_class))
        batch.rows["events"].append(
            {"job": job.id, "at": item.now, "after": job.state, "attempt": 0, "cause": "accepted"}
        )
        for limit, amount in _counted(limits, new):
            meter = limit.meter
            batch.reserved[meter] += amount
            entry = {"job": job.id, "meter": meter, "amount": amount}
            batch.rows["reservations"].append(entry)
            batch.rows["journal"].append(entry | {"kind": "reserved", "at": item.now, "cause": "accepted"})
        batch.references += [FileReference(file=file, holder=job.id) for file in new.files]
    batch.jobs += new_jobs
    if item.vote is not None:
        batch.votes.append(item.vote)
    moderators = workspace.policy.moderators
    if terms.hold is Hold.APPROVAL and moderators.channel:
        batch.copies.append(approval_copy(item, moderators))
    return NewCard(card=card_of(item), jobs=new_jobs, queue_positions=batch.queue_positions)


def _reserve(batch: _Batch, item: Acceptance, pace: Pace) -> Sequence[Limit]:
    """Count an item on its limits and in the queue, or raise; returns the limits."""
    caller = item.caller
    meters = dict(batch.meters)
    limits = batch.limits[item.card]
    if isinstance(limits, Refused):
        raise limits
    for offset, new in enumerate(item.jobs):
        check_queue_limits(
            item.queue_limits,
            member=batch.waiting_member[caller.member] + offset,
            workspace=batch.waiting_workspace[caller.workspace] + offset,
        )
        check_pace(
            pace,
            unfinished=batch.unfinished[caller.member] + offset,
            last_at=batch.last_at[caller.member],
            now=item.now,
        )
        for limit, amount in _counted(limits, new):
            meter = limit.meter
            meters[meter] = meters[meter].reserve(amount, limit)
    batch.meters = meters
    batch.unfinished[caller.member] += len(item.jobs)
    if pace.cooldown_ms:
        batch.last_at[caller.member] = item.now
    batch.waiting_member[caller.member] += len(item.jobs)
    batch.waiting_workspace[caller.workspace] += len(item.jobs)
    return limits


def _counted(limits: Sequence[Limit], new: NewJob) -> Iterator[tuple[Limit, int]]:
    """The limits that a job counts on, and how much it counts on each."""
    for limit in limits:
        if (amount := limit.counted(new.price, new.request.makes)) is not None:
            yield limit, amount


async def _write(tx: Transaction, batch: _Batch) -> None:
    demands = [{"id": meter, "amount": amount} for meter, amount in sorted(batch.reserved.items())]
    # The limit is checked in the UPDATE itself: if the decision above were ever wrong, nothing is accepted.
    if await tx.run(sql.reserve, items=demands) != len(demands):
        raise StoreError("a meter changed while it was locked")
    await update_counters(tx, (StateChange.of_new(job) for job in batch.jobs))
    await tx.run(sql.insert_cards, items=batch.rows["cards"])
    await tx.run(sql.insert_jobs, items=batch.rows["jobs"])
    await tx.run(sql.insert_events, items=batch.rows["events"])
    await tx.run(sql.insert_reservations, items=batch.rows["reservations"])
    await tx.run(limits_sql.insert_journal, items=batch.rows["journal"])
    await add_references(tx, batch.references)
    queued = [job for job in batch.jobs if job.state is State.QUEUED]
    batch.queue_positions.update(await queue_positions(tx, queued))
