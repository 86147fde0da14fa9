"""Stocktaking: finding out whose the generations are that an account shows.

Every generation that is seen, in a list, by a callback or in a late answer, passes here. It belongs to a job
that knows it, is adopted by the attempt that it names or equals, or is an orphan: deleted at the provider and
borne by the operator, so that the member pays once at most. What shows no sign of being ours is left alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.domain.jobs import State
from bot.jobs.transitions import move
from bot.providers.base import Generation, GenerationState, Provider
from bot.services import Services, log
from bot.store.accounts import Echo, record_echo
from bot.store.claim import Claim
from bot.store.jobs import Attempt, JobRef, attempts, known_generations, unbound_attempts
from bot.store.orphans import Orphan, OrphanCause, record_orphan
from bot.worker.callback_tokens import read_marker

#: states in which a job may still take a generation of its newest attempt
_ADOPTING = frozenset({State.SUBMITTING, State.UNKNOWN, State.QUEUED})
#: how far the provider's clock may be behind ours, in milliseconds
CLOCK_SKEW_MS = 5_000


@dataclass(slots=True)
class Stock:
    """What a look at generations has told about jobs."""

    #: jobs that some marker named
    named: set[str] = field(default_factory=set)
    #: fingerprints of generations that an equal job's answer may yet claim, so that nobody was given them
    undecided: set[str] = field(default_factory=set)

    def add(self, other: "Stock") -> None:
        self.named |= other.named
        self.undecided |= other.undecided


async def take_stock(services: Services, provider: Provider, generations: Sequence[Generation]) -> Stock:
    """Find each generation its job, or make it an orphan."""
    marked = {
        generation.id: marker
        for generation in generations
        if (marker := read_marker(services, generation.callback_url)) is not None
    }
    if marked:
        now = services.clock()
        echo = Echo(account=provider.account, now=now, unless_since=now - services.times.echo_proof // 24)
        await services.database.write(record_echo, echo)
    unmarked = [one for one in generations if one.callback_url is None and one.fingerprint]
    # Read before what is known: a create that is answered in between is then known, and not taken for lost.
    lost = await _lost_attempts(services, provider, unmarked) if unmarked else {}
    known = await known_generations(services.database, provider.account, [one.id for one in generations])
    strangers = [one for one in generations if one.id not in known]
    by_marker = [(one, marked[one.id]) for one in strangers if one.id in marked]
    if by_marker:
        rows = await attempts(services.database, {marker.job for _, marker in by_marker})
        found = {(row.job, row.number): row for row in rows}
        for generation, marker in by_marker:
            row = found.get((marker.job, marker.attempt))
            if row is not None and row.account == provider.account:
                # One that cannot be settled hides none of those behind it, and is seen again.
                await services.guarded(
                    "settle generation", partial(_settle_marked, services, generation, row)
                )
    undecided = await _bind_equals(services, lost, [one for one in unmarked if one.id not in known])
    return Stock({marker.job for marker in marked.values()}, undecided)


async def claim_answer(services: Services, generation: Generation, claim: Claim) -> None:
    """Give a generation to the attempt whose own request was answered with it, or make it an orphan."""
    for row in await attempts(services.database, [claim.job]):
        if row.number == claim.attempt:
            await _settle_marked(services, generation, row)


async def _settle_marked(services: Services, generation: Generation, attempt: Attempt) -> None:
    if attempt.remote_id == generation.id:
        return  # Its answer came in since we looked for what is known.
    newest = attempt.number == attempt.newest
    if newest and attempt.state in _ADOPTING:
        await _adopt(services, generation, attempt)
    else:
        await _orphan(services, generation, attempt, OrphanCause.LATE if newest else OrphanCause.SUPERSEDED)


async def _adopt(services: Services, generation: Generation, attempt: Attempt) -> None:
    """Give the generation to the job, unless it moves just now.

    Then this very generation's answer came in, most likely; whoever sees it next decides on what is true.
    """
    seen = JobRef(id=attempt.job, state=attempt.state, attempt=attempt.number)
    now = services.clock()
    await move(
        services,
        seen,
        State.SUBMITTED,
        "adopted",
        account=attempt.account,
        remote_id=generation.id,
        submitted_at=attempt.sent_at or now,
        deadline=now + services.times.generation_deadline,
    )


async def _lost_attempts(
    services: Services, provider: Provider, generations: Sequence[Generation]
) -> Mapping[str, list[Attempt]]:
    """The attempts without a marker that the generations may belong to, by what they asked for."""
    lost: dict[str, list[Attempt]] = defaultdict(list)
    for row in await unbound_attempts(
        services.database, provider.account, {generation.fingerprint for generation in generations}
    ):
        lost[row.fingerprint or ""].append(row)
    return lost


async def _bind_equals(
    services: Services, lost: Mapping[str, list[Attempt]], generations: Sequence[Generation]
) -> set[str]:
    """Bind generations without a marker one to one to the lost attempts that they equal.

    Equal requests are interchangeable, so any pairing is right; but as long as an equal job is still
    submitting, one of these may be its own and its answer on the way: answers the fingerprints left so.
    """
    undecided: set[str] = set()
    for fingerprint, rows in lost.items():
        if any(row.state is State.SUBMITTING and row.number == row.newest for row in rows):
            undecided.add(fingerprint)
            continue
        equals = sorted(
            (one for one in generations if one.fingerprint == fingerprint),
            key=lambda one: one.created_at or 0,
        )
        # Those that still wait come first; what is left over belongs to attempts that were given up.
        rows.sort(key=lambda row: (row.state is not State.UNKNOWN or row.number != row.newest, row.sent_at))
        for generation in equals:
            match = next((row for row in rows if _may_be(services, generation, row)), None)
            if match is None:
                continue
            rows.remove(match)
            if match.state is State.UNKNOWN and match.number == match.newest:
                await _adopt(services, generation, match)
            else:
                await _orphan(services, generation, match, OrphanCause.UNBOUND)
    return undecided


def _may_be(services: Services, generation: Generation, attempt: Attempt) -> bool:
    """Whether a generation was created when this attempt was on its way."""
    if generation.created_at is None or attempt.sent_at is None:
        return generation.created_at is None
    earliest = attempt.sent_at - CLOCK_SKEW_MS
    latest = attempt.sent_at + services.times.unknown_deadline + CLOCK_SKEW_MS
    return earliest <= generation.created_at <= latest


async def _orphan(services: Services, generation: Generation, attempt: Attempt, cause: OrphanCause) -> None:
    if generation.state is GenerationState.FAILED:
        return  # The provider has given the money back by itself.
    orphan = Orphan(
        account=attempt.account,
        remote_id=generation.id,
        job=attempt.job,
        cause=cause,
        price=attempt.price,
        found_at=services.clock(),
    )
    if await services.database.write(record_orphan, orphan):
        log.warning("orphan_found", job_id=attempt.job, attempt=attempt.number, cause=cause)
