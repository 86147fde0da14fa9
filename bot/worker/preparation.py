"""Prepares jobs: fetches, probes and converts their inputs before the jobs are queued.

Files are named by their content, so that doing it twice, after a crash or by two replicas, creates nothing
twice. Meanwhile the upper bound of the price is reserved.
"""

import asyncio
from collections.abc import Mapping

from bot.domain.errors import MediaLost, MediaRefused, MediaUnavailable, ProcessingFailed, Refused
from bot.domain.generations.framing import ReframeRequest, check_placement
from bot.domain.generations.media import Media, MediaKind, Reference
from bot.domain.generations.requests import (
    API_MAX_BYTES,
    AnyRequest,
    FromVideoRequest,
)
from bot.domain.generations.source_lengths import check_length
from bot.domain.identity import Place
from bot.domain.jobs.failures import FailureCategory, failure
from bot.domain.jobs.job import Job, State
from bot.domain.money.pricing import price
from bot.jobs.media import UNREACHABLE, fetch_input, own_file, resolve_url, takes_stored_files, too_large
from bot.jobs.transitions import transition_job
from bot.services import Services, Topic, log
from bot.store.queue.cards import find_card
from bot.store.queue.claim import (
    PreparationFailures,
    claim_preparation,
    postpone_preparation,
    record_preparation_failure,
)
from bot.store.queue.jobs import jobs_by_id
from bot.store.queue.transition import PreparationLease
from bot.worker.leased_pool import LeasedPool

#: jobs that are prepared at once; downloads wait for others, and conversion has a few processes of its own
MAX_IN_FLIGHT = 8
#: retries of a job after a failure of our own
_PROCESSING_RETRIES = 2
#: part of its lease that the work on a job may take, so that it ends before another process begins
_LEASE_SHARE = 0.9


class Preparer:
    """Prepares jobs until the process stops."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self) -> None:
        """Prepare until the process stops; unfinished jobs are left to another process."""
        pool = LeasedPool(
            self._services,
            "prepare",
            topic=Topic.INPUTS,
            max_in_flight=MAX_IN_FLIGHT,
            lease=self._claim,
            work=self._work,
            item_id=lambda leased: leased[0].id,
            # A large file may take longer to arrive than a process may take to stop.
            cancels_on_stop=True,
        )
        await pool.run()

    async def _claim(self, count: int) -> list[tuple[Job, PreparationLease]]:
        services, now = self._services, self._services.clock()
        lease = PreparationLease(owner=services.owner, until=now + services.times.prepare_lease)
        jobs = await services.database.transact(
            claim_preparation,
            lease,
            now=now,
            count=count,
            per_person=services.settings.inputs_per_person,
            retry_unreadable_at=now + services.times.unreadable_retry,
        )
        return [(job, lease) for job in jobs]

    async def _work(self, leased: tuple[Job, PreparationLease]) -> None:
        job, lease = leased
        try:
            # Fetched files stay reserved until the store knows that the job refers to them.
            async with self._services.storage.reservations.keeping():
                await prepare(self._services, job, lease)
        except asyncio.CancelledError:
            await _postpone(self._services, job, lease, self._services.clock())
            raise
        finally:
            # Another job of the same person may be prepared now.
            self._services.database.wakeups.wake(Topic.INPUTS)


async def prepare(services: Services, job: Job, lease: PreparationLease) -> None:
    """Queue a job once its inputs can be used; fail it if they cannot."""
    try:
        async with asyncio.timeout(services.times.prepare_lease * _LEASE_SHARE / 1000):
            request, files = await _resolve_inputs(services, job)
    except (ProcessingFailed, TimeoutError) as error:
        # A download has a shorter deadline of its own, so that this time was spent on our own processing.
        await _retry_processing(services, job, lease, str(error) or "it took too long")
    except (MediaRefused, MediaLost, Refused) as error:
        await _fail(services, job, lease, FailureCategory.INPUT_REFUSED, str(error))
    except MediaUnavailable as error:
        await _retry_fetch(services, job, lease, str(error))
    else:
        await transition_job(
            services,
            job,
            State.QUEUED,
            "prepared",
            request=request,
            price=min(job.price, price(request, services.rates)),
            files=files,
            lease=lease,
        )


async def _retry_processing(services: Services, job: Job, lease: PreparationLease, reason: str) -> None:
    """Retry after a failure of our own, which says nothing about the file, but may happen with it always."""
    log.warning("input_not_processed", job_id=job.id, error=reason)
    failures = await _record_failure(services, job, lease, ours=True)
    if failures is not None and failures.ours > _PROCESSING_RETRIES:
        await _fail(services, job, lease, FailureCategory.INPUT_UNPROCESSED, reason)
    else:
        await _postpone(services, job, lease, services.clock() + services.times.prepare_retry)


async def _retry_fetch(services: Services, job: Job, lease: PreparationLease, reason: str) -> None:
    """Retry a file that may be available later; after the deadline the job fails with the cause."""
    log.info("input_unavailable", job_id=job.id, error=reason)
    failures = await _record_failure(services, job, lease, ours=False)
    if failures is not None and services.clock() - failures.since >= services.times.prepare_deadline:
        await _fail(services, job, lease, FailureCategory.INPUT_UNREACHABLE, reason)
    else:
        await _postpone(services, job, lease, services.clock() + services.times.prepare_retry)


async def _record_failure(
    services: Services, job: Job, lease: PreparationLease, *, ours: bool
) -> PreparationFailures | None:
    """Count one more failure; None if this process no longer has the job's lease."""
    return await services.database.transact(
        record_preparation_failure, job.id, lease, at=services.clock(), ours=ours
    )


async def _postpone(services: Services, job: Job, lease: PreparationLease, run_at: int) -> None:
    await services.database.transact(postpone_preparation, job.id, lease, run_at=run_at)


async def _fail(
    services: Services, job: Job, lease: PreparationLease, category: FailureCategory, reason: str
) -> None:
    why = failure(category, reason)
    await transition_job(services, job, State.FAILED, "input_unusable", failure=why, lease=lease)


async def _resolve_inputs(services: Services, job: Job) -> tuple[AnyRequest, tuple[str, ...]]:
    """The request with usable references, and the stored files that it refers to from now on."""
    references = job.request.references
    sources = await jobs_by_id(services.database, [one.job for one in references if one.job is not None])
    by_generation = job.request.generations
    card = await find_card(services.database, job.card, services.cipher)
    if card is None:
        raise MediaUnavailable("the card that has its channel cannot be read")
    found: dict[str, Reference] = {}
    for reference in references:
        if reference in by_generation:
            # The provider has the video itself, so that neither its size nor our copy matters.
            _require_result(sources.get(reference.job or ""))
        elif (known := found.get(reference.key)) is not None:
            _require_kind(reference, known.kind)
        else:
            source = sources.get(reference.job or "")
            found[reference.key] = await _resolve(services, job, reference, source, card.place)
    request = job.request.with_references(found)
    if isinstance(request, FromVideoRequest):
        request = request.with_source(_media(request.source, sources))
        check_length(request)
    if isinstance(request, ReframeRequest):
        check_placement(request, _media(request.source, sources))
    return request, tuple(one.file.file for one in found.values() if one.file is not None)


def _media(reference: Reference, sources: Mapping[str, Job]) -> Media:
    media = reference.file if reference.job is None else sources[reference.job].result
    assert media is not None  # noqa: S101 - it has just been resolved
    return media


async def _resolve(
    services: Services, job: Job, reference: Reference, source: Job | None, place: Place
) -> Reference:
    provider, member = job.provider, job.member
    if reference.job is not None:
        return await _from_job(services, reference, source, provider, member)
    if reference.file is not None and (reference.url is None or await _is_stored(services, reference.file)):
        return await _from_file(services, reference, reference.file, provider, member)
    if (own := own_file(services, reference.url)) is not None:
        return await _from_own_link(services, reference, own, provider, member)
    resolved = await resolve_url(services, reference, place)
    if resolved.headers and not takes_stored_files(services, provider):
        raise MediaRefused(UNREACHABLE)
    fetched = await fetch_input(services, reference, resolved, member)
    _require_kind(reference, fetched.kind)
    return await _from_file(services, reference, fetched, provider, member)


async def _from_own_link(
    services: Services, reference: Reference, file: str, provider: str, member: str
) -> Reference:
    """Resolve a signed link of ours to the stored file, without a request to our own server."""
    if not await services.storage.exists(file):
        raise MediaRefused("The file of this link is no longer stored")
    media = await services.library.describe(file, member=member)
    _require_kind(reference, media.kind)
    return await _from_file(services, Reference.of(media), media, provider, member)


def _require_kind(reference: Reference, kind: MediaKind) -> None:
    if kind is not reference.kind:
        raise MediaRefused(f"This must be a {reference.kind}, but it is a {kind}: {_REMEDY[kind]}")


async def _is_stored(services: Services, media: Media) -> bool:
    return await services.storage.exists(media.file)


_REMEDY = {
    MediaKind.PICTURE: "leave out the options for videos",
    MediaKind.VIDEO: (
        "/reframe and /modify take videos with a ray model, /extend continues one that was made here"
    ),
}


async def _from_file(
    services: Services, reference: Reference, media: Media, provider: str, member: str
) -> Reference:
    if not await _is_stored(services, media):
        raise MediaRefused("The source of this job is no longer stored; send it again")
    usable = await services.library.to_api_input(media, member=member)
    if not takes_stored_files(services, provider):
        # The provider reads the original URL, so the file must be usable without conversion.
        if reference.url is None:
            raise MediaRefused(UNREACHABLE)
        if usable != media:
            raise MediaRefused(
                "This file must be converted, but without REVERIE_PUBLIC_URL the provider can only read the "
                "original: send a JPEG, PNG or MP4"
            )
    return reference.model_copy(update={"file": usable, "kind": usable.kind})


def _require_result(source: Job | None) -> Media:
    if source is None or source.deleted or source.expired or source.result is None:
        raise MediaRefused("The source of this job was deleted")
    return source.result


async def _from_job(
    services: Services, reference: Reference, source: Job | None, provider: str, member: str
) -> Reference:
    result = _require_result(source)
    if not await services.storage.exists(result.poster if reference.first_frame_only else result.file):
        raise MediaRefused("The source of this job is no longer stored")
    if reference.first_frame_only or result.size <= API_MAX_BYTES[result.kind]:
        return reference
    if not takes_stored_files(services, provider):
        raise MediaRefused(too_large(result))
    return Reference.of(await services.library.to_api_input(result, member=member))
