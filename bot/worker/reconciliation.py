"""Matches the provider's generations with our attempts, and resolves creates whose answer was lost.

Every generation that turns up in a list, a callback or a late answer is reconciled here. It belongs to the
job that already knows its id, is adopted by the attempt that its token names or its request equals, or is an
orphan: deleted at the provider and paid by the operator, so that the member pays once at most. A generation
without any sign of being ours is ignored.

A change of a video, such as a higher resolution, may be answered with the generation that it changes. That
one is known already, as the generation of the video; it is adopted by the token, and never becomes an orphan.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from bot.domain.errors import ProviderError
from bot.domain.jobs.failures import FailureCategory, failure
from bot.domain.jobs.job import Job, State
from bot.jobs.transitions import transition_job
from bot.providers.base import Generation, GenerationState, Page, Provider
from bot.security.tokens import BadToken, TokenSigner
from bot.services import Services, log
from bot.store.operator.accounts import echoed_at, record_echo
from bot.store.queue.attempts import Attempt, JobRef, attempts, job_refs, known_generations, unbound_attempts
from bot.store.queue.claim import Claim
from bot.store.queue.orphans import Orphan, OrphanCause, record_orphan
from bot.timing import Timing

#: states in which a job may still adopt a generation of its newest attempt
_ADOPTING = frozenset({State.SUBMITTING, State.UNKNOWN, State.QUEUED})
#: how far the provider's clock may be behind ours, in milliseconds
_CLOCK_SKEW_MS = 5_000
PAGE_SIZE = 100
#: two pages overlap by so much, because a deletion between two requests moves their border
_PAGE_OVERLAP = 5
#: generations that each further page adds
PAGE_STEP = PAGE_SIZE - _PAGE_OVERLAP
#: pages of a complete scan: 10,000 generations
_SCAN_PAGES_MAX = 100
#: path of callbacks, and purpose of the token in each attempt's callback URL, which the provider echoes
_PATH, _PURPOSE = "/callbacks/", "callback"


@dataclass(slots=True)
class Reconciliation:
    """What reconciled generations tell about jobs."""

    #: jobs that some generation's token names
    named_jobs: set[str] = field(default_factory=set)
    #: fingerprints of generations that were bound to no job, because the create of an equal job is unanswered
    undecided: set[str] = field(default_factory=set)

    def add(self, other: "Reconciliation") -> None:
        self.named_jobs |= other.named_jobs
        self.undecided |= other.undecided


async def reconcile(
    services: Services, provider: Provider, generations: Sequence[Generation]
) -> Reconciliation:
    """Match each generation with its attempt, or record it as an orphan."""
    tokens = {
        generation.id: claim
        for generation in generations
        if (claim := read_callback_url(services.signer, generation.callback_url)) is not None
    }
    if tokens:
        now = services.clock()
        await services.database.transact(
            record_echo, provider.account, now=now, unless_since=now - services.times.echo_proof // 24
        )
    without_token = [one for one in generations if one.callback_url is None and one.fingerprint]
    # Read before the known ids: a create that is answered in between is then known, and not taken for lost.
    lost = await _unbound_attempts(services, provider, without_token) if without_token else {}
    known = await known_generations(services.database, provider.account, [one.id for one in generations])
    # A known one is named by another job if that job changed it and was answered with the same generation.
    named = [
        (one, tokens[one.id])
        for one in generations
        if one.id in tokens and tokens[one.id].job not in known.get(one.id, ())
    ]
    await _match_tokens(services, provider, named, known=known.keys())
    undecided = await _bind_equals(services, lost, [one for one in without_token if one.id not in known])
    return Reconciliation({claim.job for claim in tokens.values()}, undecided)


async def reconcile_answer(services: Services, generation: Generation, claim: Claim) -> None:
    """Match a generation with the attempt whose own create was answered with it."""
    for attempt in await attempts(services.database, [claim.job]):
        if attempt.number == claim.attempt:
            await _match(services, generation, attempt)


async def adopt_changed(services: Services, generation: Generation, claim: Claim) -> None:
    """Match a generation with the attempt to change it, whose callback has named it.

    Its echo may still be that of the create, without the attempt's token; but only the provider has that.
    """
    for attempt in await attempts(services.database, [claim.job]):
        if attempt.number == claim.attempt and attempt.changes(generation.id):
            await _match(services, generation, attempt)


async def _match_tokens(
    services: Services,
    provider: Provider,
    named: Sequence[tuple[Generation, Claim]],
    *,
    known: Collection[str],
) -> None:
    if not named:
        return
    rows = await attempts(services.database, {claim.job for _, claim in named})
    by_claim = {(row.job, row.number): row for row in rows}
    for generation, claim in named:
        attempt = by_claim.get((claim.job, claim.attempt))
        if attempt is None or attempt.account != provider.account:
            continue
        if generation.id not in known or attempt.changes(generation.id):
            # One that fails must not hide those behind it; it is reconciled again later.
            await services.guarded("reconcile generation", partial(_match, services, generation, attempt))


async def _match(services: Services, generation: Generation, attempt: Attempt) -> None:
    if attempt.remote_id == generation.id:
        return  # The create was answered after the known ids were read.
    is_newest = attempt.number == attempt.newest
    if is_newest and attempt.state in _ADOPTING:
        await _adopt(services, generation, attempt)
    elif attempt.changes(generation.id):
        # It stays the generation of its source, and is no orphan.
        log.warning("change_found_late", job_id=attempt.job, attempt=attempt.number)
    else:
        cause = OrphanCause.LATE if is_newest else OrphanCause.SUPERSEDED
        await _record_orphan(services, generation, attempt, cause)


async def _adopt(services: Services, generation: Generation, attempt: Attempt) -> None:
    """Give the generation to the job, unless the job has been moved meanwhile.

    Then the create was most likely answered; the next reconciliation decides by what is true by then.
    """
    now = services.clock()
    await transition_job(
        services,
        JobRef(id=attempt.job, state=attempt.state, attempt=attempt.number),
        State.SUBMITTED,
        "adopted",
        account=attempt.account,
        remote_id=generation.id,
        submitted_at=attempt.sent_at or now,
        deadline=now + services.times.generation_deadline,
    )


async def _unbound_attempts(
    services: Services, provider: Provider, generations: Sequence[Generation]
) -> Mapping[str, list[Attempt]]:
    """By fingerprint, the attempts without a token that these generations may belong to."""
    found: dict[str, list[Attempt]] = defaultdict(list)
    for row in await unbound_attempts(
        services.database, provider.account, {generation.fingerprint for generation in generations}
    ):
        found[row.fingerprint or ""].append(row)
    return found


async def _bind_equals(
    services: Services, lost: Mapping[str, list[Attempt]], generations: Sequence[Generation]
) -> set[str]:
    """Bind generations without a token one to one to lost attempts with an equal request.

    Equal requests are interchangeable, so that any pairing is right. While the create of an equal job is
    unanswered, one of these generations may be its own: returns the fingerprints that were left undecided.
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
        # Jobs that still wait come first; the rest belongs to attempts that were given up.
        rows.sort(key=lambda row: (row.state is not State.UNKNOWN or row.number != row.newest, row.sent_at))
        for generation in equals:
            match = next((row for row in rows if _matches_in_time(generation, row, services.times)), None)
            if match is None:
                continue
            rows.remove(match)
            if match.state is State.UNKNOWN and match.number == match.newest:
                await _adopt(services, generation, match)
            else:
                await _record_orphan(services, generation, match, OrphanCause.UNBOUND)
    return undecided


def _matches_in_time(generation: Generation, attempt: Attempt, times: Timing) -> bool:
    """Whether the generation was created while this attempt was being sent."""
    if generation.created_at is None or attempt.sent_at is None:
        return generation.created_at is None
    earliest = attempt.sent_at - _CLOCK_SKEW_MS
    latest = attempt.sent_at + times.unknown_deadline + _CLOCK_SKEW_MS
    return earliest <= generation.created_at <= latest


async def _record_orphan(
    services: Services, generation: Generation, attempt: Attempt, cause: OrphanCause
) -> None:
    if generation.state is GenerationState.FAILED:
        return  # The provider refunds it by itself.
    orphan = Orphan(
        account=attempt.account,
        remote_id=generation.id,
        job=attempt.job,
        cause=cause,
        price=attempt.price,
        found_at=services.clock(),
    )
    if await services.database.transact(record_orphan, orphan):
        log.warning("orphan_found", job_id=attempt.job, attempt=attempt.number, cause=cause)


async def list_pages(provider: Provider, *, count: int) -> AsyncIterator[Page]:
    """Read up to `count` overlapping pages of an account's generations, newest first."""
    offset = 0
    for _ in range(count):
        page = await provider.page(limit=PAGE_SIZE, offset=offset)
        yield page
        if not page.has_more:
            return
        offset += PAGE_STEP


async def scan(services: Services, provider: Provider, *, back_to: int) -> tuple[bool, Reconciliation]:
    """Reconcile an account's list back to a time; the first value tells whether nothing was left out."""
    found = Reconciliation()
    if not provider.capabilities.lists:
        return False, found
    is_complete = True
    async for page in list_pages(provider, count=_SCAN_PAGES_MAX):
        is_complete &= page.is_complete
        found.add(await reconcile(services, provider, page.generations))
        times = [one.created_at for one in page.generations if one.created_at is not None]
        # The order of the list is not documented: a page counts as older only when all of it is.
        if not page.has_more or (times and max(times) < back_to - _CLOCK_SKEW_MS):
            return is_complete, found
    return False, found


async def resolve_unknown(services: Services, provider: Provider, jobs: Sequence[Job | JobRef]) -> None:
    """Find out what became of creates whose answer was lost; raises ProviderError if that is impossible now.

    A generation that exists is adopted. A create that is proven absent is queued again. Otherwise the job
    fails with a refund, and its member may retry it.
    """
    if not provider.capabilities.lists:
        # Without a list nothing can prove what became of them, and waiting finds nothing out.
        await _fail_lost(services, *jobs)
        return
    newest = {
        row.job: row
        for row in await attempts(services.database, [job.id for job in jobs])
        if row.number == row.newest
    }
    started = services.clock()
    ripe = [job for job in jobs if started >= (newest[job.id].sent_at or 0) + services.times.unknown_grace]
    if not ripe:
        # Most lost creates are on the first page already, and should be found early.
        async for page in list_pages(provider, count=1):
            await reconcile(services, provider, page.generations)
        return
    oldest = min(newest[job.id].claimed_at for job in ripe)
    try:
        is_complete, found = await scan(services, provider, back_to=oldest)
    except ProviderError:
        # A list that stays unavailable must not hold a member's money for good.
        await _fail_lost(services, *(job for job in ripe if _is_overdue(services, newest[job.id])))
        raise
    echoed = await echoed_at(services.database, provider.account)
    proves_absence = (
        is_complete and echoed is not None and services.clock() - echoed < services.times.echo_proof
    )
    for job in await job_refs(services.database, [job.id for job in ripe]):
        attempt = newest[job.id]
        if job.state is not State.UNKNOWN or job.attempt != attempt.number:
            continue
        # A change answered with the same generation may leave no token in the list.
        absent = proves_absence and attempt.has_token and attempt.edited_generation is None
        if absent and job.id not in found.named_jobs:
            await transition_job(services, job, State.QUEUED, "proven_absent")
        elif _is_overdue(services, attempt) or (is_complete and not _is_undecided(found, attempt)):
            await _fail_lost(services, job)


def _is_overdue(services: Services, attempt: Attempt) -> bool:
    return services.clock() >= (attempt.sent_at or 0) + services.times.unknown_deadline


def _is_undecided(found: Reconciliation, attempt: Attempt) -> bool:
    """Whether a generation that the scan bound to no job may be this attempt's.

    The state during the scan counts, not the present one: the equal job may have been answered since.
    """
    return not attempt.has_token and attempt.fingerprint in found.undecided


async def _fail_lost(services: Services, *jobs: Job | JobRef) -> None:
    for job in jobs:
        why = failure(FailureCategory.LOST_ANSWER)
        await transition_job(services, job, State.FAILED, "lost_answer", failure=why)


def callback_url(signer: TokenSigner, base: str | None, claim: Claim, *, expires_at: int) -> str | None:
    """The callback URL of an attempt; None without a `base` under which the provider reaches us."""
    if base is None:
        return None
    token = signer.sign(_PURPOSE, f"{claim.job}-{claim.attempt}", expires_at=expires_at)
    return f"{base}{_PATH}{token}"


def read_callback_url(signer: TokenSigner, url: str | None) -> Claim | None:
    """The attempt that an echoed URL names, however old it is; None if the URL is not ours."""
    path = urlsplit(url).path if url else ""
    if _PATH not in path:
        return None
    return read_attempt_token(signer, path.rpartition(_PATH)[2], now=0)


def read_attempt_token(signer: TokenSigner, token: str, *, now: int) -> Claim | None:
    """The attempt that a token names; None if the token is invalid, or expired at `now`."""
    try:
        job, _, number = signer.verify(_PURPOSE, token, now=now).rpartition("-")
    except BadToken:
        return None
    return Claim(job=job, attempt=int(number))
