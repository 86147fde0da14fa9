"""What must hold once everything has come to rest, whatever was killed on the way.

`broken_promises` reads the bots' database, the provider's back room and the chat, and answers one line for
each promise that does not hold. Two negative controls show that it can.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.jobs.job import FINAL, State
from bot.store.operator.reports import inconsistent_counts, inconsistent_meters
from tests.crash.chat import Event, Message
from tests.crash.timing import LIST_LAG_MS
from tests.crash.world import Generation, World

_TONES = {State.COMPLETED: "done", State.FAILED: "failed", State.CANCELLED: "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything that is known about a world at rest."""

    jobs: Sequence[Mapping[str, Any]]
    cards: Sequence[Mapping[str, Any]]
    attempts: Sequence[Mapping[str, Any]]
    orphans: Sequence[Mapping[str, Any]]
    meters: Sequence[Mapping[str, Any]]
    reservations: Sequence[Mapping[str, Any]]
    journal: Sequence[Mapping[str, Any]]
    #: meters that differ from their journal
    inconsistent_meters: Sequence[Mapping[str, Any]]
    #: counts of what waits that differ from the jobs
    inconsistent_counts: Sequence[str]
    #: what SQLite's own checks complain of
    damage: Sequence[object]
    generations: Sequence[Generation]
    #: what the provider has taken, in micro-dollars
    spent: int
    #: most generations at once
    peak: int
    events: Sequence[Event]
    messages: Sequence[Message]


async def look(world: World) -> Found:
    damage: list[object] = []
    if world.database_url.startswith("sqlite"):
        damage += [row for row in await world.rows("PRAGMA integrity_check") if set(row.values()) != {"ok"}]
        damage += await world.rows("PRAGMA foreign_key_check")
    orphans = await world.rows("SELECT * FROM orphan_generation")
    assert world.store is not None
    return Found(
        jobs=await world.rows("SELECT * FROM job"),
        cards=await world.rows("SELECT * FROM card"),
        attempts=await world.rows("SELECT * FROM attempt"),
        orphans=orphans,
        meters=await world.rows("SELECT * FROM meter"),
        reservations=await world.rows("SELECT * FROM reservation"),
        journal=await world.rows("SELECT * FROM journal"),
        inconsistent_meters=await inconsistent_meters(world.store),
        inconsistent_counts=await inconsistent_counts(world.store),
        damage=damage,
        generations=await world.provider.generations(),
        spent=await world.provider.spent(),
        peak=await world.provider.peak(),
        events=list(world.chat.events.values()),
        messages=list(world.chat.messages.values()),
    )


async def broken_promises(world: World) -> list[str]:
    found = await look(world)
    return [
        *_lost(found),
        *_unanswered(found),
        *_misshown(found),
        *_misgenerated(found),
        *(_given_up(found) if world.marked else ()),
        *_miscounted(found),
        *_mischarged(found),
        *_overloaded(found, world.concurrent),
        *_given_up_early(found, world.grace_ms),
        *(f"the file is damaged: {complaint}" for complaint in found.damage),
    ]


def _lost(found: Found) -> Iterator[str]:
    """Nothing is lost: every command that was taken made one job, and every job has ended."""
    cards = {card["event"]: card["id"] for card in found.cards}
    jobs = Counter(job["card"] for job in found.jobs)
    for event in found.events:
        card = cards.pop(f"chat:{event.id}", None)
        told = {answer["card"] for answer in event.answers if "card" in answer}
        refused = [answer for answer in event.answers if "refused" in answer]
        if event.asks_for_job and (told or not refused):
            if card is None:
                yield f"event {event.id} made no card"
            elif told != {card}:
                yield f"event {event.id} made card {card}, and its member was told of {told or 'none'}"
        elif card is not None:
            yield f"event {event.id} made card {card} and was answered {event.answers}"
        if card is not None and jobs[card] != event.jobs:
            yield f"card {card} has {jobs[card]} jobs, and {event.jobs} were asked for"
    yield from (f"card {card} belongs to no event" for card in cards.values())
    yield from (
        f"job {job['id']} is {job['state']} for ever" for job in found.jobs if job["state"] not in FINAL
    )


def _unanswered(found: Found) -> Iterator[str]:
    """Everybody was answered, and what they were told is true."""
    states = {job["id"]: job["state"] for job in found.jobs}
    for event in found.events:
        if not event.answers:
            yield f"event {event.id} was never answered"
        if event.content.get("command") != "cancel":
            continue
        job = event.content["values"]["job"]
        promised = any("Cancelled" in answer.get("note", "") for answer in event.answers)
        if promised and states.get(job) != State.CANCELLED:
            yield f"job {job} was taken back and is {states.get(job)}"


def _misshown(found: Found) -> Iterator[str]:
    """Every card is one message, which shows how its job ended."""
    messages = defaultdict(list)
    for message in found.messages:
        messages[message.card].append(message)
    jobs = defaultdict(list)
    for job in sorted(found.jobs, key=lambda job: job["position"]):
        jobs[job["card"]].append(job)
    for card in found.cards:
        posted = messages.pop(card["id"], [])
        if len(posted) != 1:
            yield f"card {card['id']} was posted {len(posted)} times"
        if card["undeliverable"] or card["shown_rev"] != card["wanted_rev"]:
            yield f"card {card['id']} is behind: {card['shown_rev']} of {card['wanted_rev']} shown"
        for message in posted:
            seen = [
                (one["id"], one["tone"], (one["media"] or {}).get("file"))
                for one in message.shown[-1]["jobs"]
            ]
            expected = [(job["id"], _TONES.get(job["state"]), _file_of(job)) for job in jobs[card["id"]]]
            if seen != expected:
                yield f"card {card['id']} shows {seen} for {expected}"
            if message.shown[-1]["digest"] != card["shown_digest"]:
                yield f"card {card['id']} does not look as it is believed to"
    yield from (f"message of card {card}, which does not exist" for card in messages)


def _file_of(job: Mapping[str, Any]) -> str | None:
    return str(json.loads(job["result"])["file"]) if job["result"] else None


def _misgenerated(found: Found) -> Iterator[str]:
    """No job was made twice, and whatever was made is somebody's."""
    results = {job["remote_id"]: job["id"] for job in found.jobs if job["state"] == State.COMPLETED}
    orphans = {orphan["remote_id"]: orphan for orphan in found.orphans}
    tried = {attempt["remote_id"] for attempt in found.attempts}
    for generation in found.generations:
        if generation.state == State.FAILED:
            continue  # The provider has given the money back by itself.
        if generation.id in results and (generation.id in orphans or generation.deleted):
            yield f"generation {generation.id} is a result and was thrown away"
        elif generation.id in orphans:
            if not generation.deleted or orphans[generation.id]["removed_at"] is None:
                yield f"orphan {generation.id} was not removed"
        elif generation.id not in results:
            knows = "got lost" if generation.id in tried else "is known to nobody"
            yield f"generation {generation.id} ({generation.prompt}) {knows}"
    made = {generation.id for generation in found.generations if generation.state == State.COMPLETED}
    yield from (f"job {job} is completed by no generation" for one, job in results.items() if one not in made)


def _given_up(found: Found) -> Iterator[str]:
    """A create that carries a marker is found, or proven absent and sent again."""
    # Once there is a generation, its echo proves that this provider echoes markers.
    proven_at = min(
        (job["finished_at"] for job in found.jobs if job["state"] == State.COMPLETED), default=None
    )
    for job in found.jobs:
        given_up = job["state"] == State.FAILED and '"lost_answer"' in job["failure"]
        if given_up and proven_at is not None and job["created_at"] > proven_at:
            yield f"job {job['id']} was given up although its attempt carried a marker"


def _given_up_early(found: Found, grace_ms: int) -> Iterator[str]:
    """The operator pays for no generation that could be seen while a job still waited for it."""
    seen_at = {generation.id: generation.created_at + LIST_LAG_MS for generation in found.generations}
    fingerprints = {attempt["job"]: attempt["fingerprint"] for attempt in found.attempts}
    for orphan in found.orphans:
        for attempt in found.attempts:
            # Without a marker an orphan belongs to whichever equal attempt was left over.
            same = orphan["job"] == attempt["job"] or (
                not attempt["has_token"] and attempt["fingerprint"] == fingerprints.get(orphan["job"])
            )
            if attempt["remote_id"] is None and attempt["sent_at"] is not None and same:
                waited = attempt["sent_at"] <= seen_at[orphan["remote_id"]] < attempt["sent_at"] + grace_ms
                if waited:
                    yield f"job {attempt['job']} waited for what became orphan {orphan['remote_id']}"


def _miscounted(found: Found) -> Iterator[str]:
    """Meters and counts are exact: what was completed is used, nothing is reserved, nothing differs."""
    yield from (f"meter {row['id']} differs from its journal" for row in found.inconsistent_meters)
    yield from found.inconsistent_counts
    expected: Counter[str] = Counter()
    jobs = {job["id"]: job for job in found.jobs}
    for job in found.jobs:
        if job["state"] == State.COMPLETED:
            expected[f"member:{job['member']}"] += job["price"]
            expected[f"ceiling:{job['workspace']}"] += job["price"]
    used: Counter[str] = Counter()
    for meter in found.meters:
        used[meter["scope"]] += meter["used"]
        if meter["reserved"]:
            yield f"meter {meter['id']} still has {meter['reserved']} reserved"
    for scope in expected | used:
        if expected[scope] != used[scope]:
            yield f"{scope} has used {used[scope]}, and {expected[scope]} was completed"
    for row in found.reservations:
        job = jobs[row["job"]]
        settled = "captured" if job["state"] == State.COMPLETED else "released"
        if (row["settled_as"], row["amount"]) != (settled, job["price"]):
            yield f"job {job['id']}, {job['state']}, was settled as {row['settled_as']} {row['amount']}"
    entries = Counter((row["job"], row["meter"], row["kind"]) for row in found.journal)
    yield from (
        f"{kind} {count} times: job {job} on {meter}"
        for (job, meter, kind), count in entries.items()
        if count > 1
    )


def _mischarged(found: Found) -> Iterator[str]:
    """What the provider took is what members and the operator paid."""
    costs = {one.id: one.cost for one in found.generations if one.state != State.FAILED}
    members = sum(job["price"] for job in found.jobs if job["state"] == State.COMPLETED)
    operator = sum(orphan["price"] for orphan in found.orphans if costs.get(orphan["remote_id"]) is not None)
    if found.spent != sum(costs.values()):
        yield f"the provider took {found.spent} for generations of {sum(costs.values())}"
    if found.spent != members + operator:
        yield f"the provider took {found.spent}, members paid {members} and the operator {operator}"


def _overloaded(found: Found, concurrent: int) -> Iterator[str]:
    """The account's limit was never passed; an orphan's place is not counted."""
    if found.peak > concurrent + len(found.orphans):
        yield f"{found.peak} generations at once, where {concurrent} are allowed"
