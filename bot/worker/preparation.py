"""Preparing: what a job builds on is brought in, looked at and made usable before the job waits in line.

Everything is named by its content, so that doing it twice, after a crash or by two replicas, makes nothing
twice. Nothing is claimed and nothing but the upper bound of the price is reserved meanwhile.
"""

import asyncio
from collections.abc import Mapping

from bot.domain.errors import MediaRefused, MediaUnavailable, ProcessingFailed, Refused
from bot.domain.failures import FailureCategory, failure
from bot.domain.identity import Place
from bot.domain.jobs import Job, State
from bot.domain.media import Media, MediaKind, Reference
from bot.domain.pricing import price
from bot.domain.requests import (
    PICTURE_MAX_BYTES,
    TAKEN_MAX_BYTES,
    VIDEO_MAX_BYTES,
    AnyRequest,
    ReframeVideoRequest,
    VideoRequest,
    check_length,
)
from bot.jobs.media_urls import locate, own_file
from bot.jobs.transitions import move
from bot.ports import ResolvedFile
from bot.services import Services, Topic, log
from bot.store.cards import find_card
from bot.store.claim_preparation import (
    PreparationFailures,
    PreparationRequest,
    PutBack,
    Setback,
    claim_preparation,
    postpone_preparation,
    record_preparation_failure,
)
from bot.store.jobs import jobs_by_id
from bot.store.transition import PreparationLease
from bot.worker.leased_pool import LeasedPool

#: jobs that are prepared at once; downloads wait for others, and conversion has a few processes of its own
MAX_IN_FLIGHT = 8
#: how often a job is tried again after a failure of our own
_PROCESSING_RETRIES = 2
#: part of its lease that the work on a job may take, so that it ends before somebody else begins
_SHARE = 0.9
_SIZES = {MediaKind.PICTURE: PICTURE_MAX_BYTES, MediaKind.VIDEO: VIDEO_MAX_BYTES}


class Preparer:
    """Prepares jobs until the process stops."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self) -> None:
        """Prepare until the process stops; what is in hand then is left to whoever comes next."""
        pool = LeasedPool(
            self._services,
            "prepare",
            topic=Topic.INPUTS,
            max_in_flight=MAX_IN_FLIGHT,
            lease=self._take,
            work=self._work,
            item_id=lambda leased: leased[0].id,
            # A large file may take longer to arrive than a process may take to stop.
            cancels_on_stop=True,
        )
        await pool.run()

    async def _take(self, count: int) -> list[tuple[Job, PreparationLease]]:
        services, now = self._services, self._services.clock()
        wanted = PreparationRequest(
            owner=services.owner,
            now=now,
            lease_until=now + services.times.prepare_lease,
            count=count,
            each=services.settings.inputs_per_person,
            aside_until=now + services.times.unreadable_retry,
        )
        jobs = await services.database.write(claim_preparation, wanted)
        return [(job, wanted.lease) for job in jobs]

    async def _work(self, leased: tuple[Job, PreparationLease]) -> None:
        job, lease = leased
        try:
            # What is brought in stays reserved until it is noted that the job needs it.
            with self._services.storage.reservations.keeping():
                await prepare(self._services, job, lease)
        except asyncio.CancelledError:
            await _put_back(self._services, job, lease, self._services.clock())
            raise
        finally:
            # Another job of the same person may be prepared now.
            self._services.database.wakeups.wake(Topic.INPUTS)


async def prepare(services: Services, job: Job, lease: PreparationLease) -> None:
    """Send a job whose inputs can be used on its way, and end one whose inputs cannot."""
    try:
        async with asyncio.timeout(services.times.prepare_lease * _SHARE / 1000):
            request, files = await _usable(services, job)
    except (ProcessingFailed, TimeoutError) as error:
        # What is fetched has a shorter deadline of its own, so that a timeout here was spent waiting for us.
        await _failed_here(services, job, lease, str(error) or "it took too long")
    except MediaUnavailable as error:
        await _not_there(services, job, lease, str(error))
    except (MediaRefused, Refused) as error:
        await _refuse(services, job, lease, FailureCategory.INPUT_REFUSED, str(error))
    else:
        await move(
            services,
            job,
            State.QUEUED,
            "prepared",
            request=request,
            price=min(job.price, price(request, services.rates)),
            files=files,
            lease=lease,
        )


async def _failed_here(services: Services, job: Job, lease: PreparationLease, reason: str) -> None:
    """Try again after a failure of our own; it is no verdict on the file, but may always happen with it."""
    log.warning("input_not_processed", job_id=job.id, error=reason)
    setbacks = await _setbacks(services, job, lease, ours=True)
    if setbacks is not None and setbacks.ours > _PROCESSING_RETRIES:
        await _refuse(services, job, lease, FailureCategory.INPUT_UNPROCESSED, reason)
    else:
        await _put_back(services, job, lease, services.clock() + services.times.prepare_retry)


async def _not_there(services: Services, job: Job, lease: PreparationLease, reason: str) -> None:
    """Try again what may be there a little later; in the end the job fails with the cause."""
    log.info("input_unavailable", job_id=job.id, error=reason)
    setbacks = await _setbacks(services, job, lease, ours=False)
    if setbacks is not None and services.clock() - setbacks.since >= services.times.prepare_deadline:
        await _refuse(services, job, lease, FailureCategory.INPUT_UNREACHABLE, reason)
    else:
        await _put_back(services, job, lease, services.clock() + services.times.prepare_retry)


async def _setbacks(
    services: Services, job: Job, lease: PreparationLease, *, ours: bool
) -> PreparationFailures | None:
    """Count one more; None where the job is no longer ours to prepare."""
    item = Setback(job=job.id, lease=lease, at=services.clock(), ours=ours)
    return await services.database.write(record_preparation_failure, item)


async def _put_back(services: Services, job: Job, lease: PreparationLease, run_at: int) -> None:
    await services.database.write(postpone_preparation, PutBack(job=job.id, lease=lease, run_at=run_at))


async def _refuse(
    services: Services, job: Job, lease: PreparationLease, category: FailureCategory, reason: str
) -> None:
    why = failure(category, reason)
    await move(services, job, State.FAILED, "input_unusable", failure=why, lease=lease)


async def _usable(services: Services, job: Job) -> tuple[AnyRequest, tuple[str, ...]]:
    """The request with everything it builds on made usable, and the files that it needs from now on."""
    references = job.request.references
    sources = await jobs_by_id(services.database, [one.job for one in references if one.job is not None])
    continued = job.request.continues if isinstance(job.request, VideoRequest) else ()
    card = await find_card(services.database, job.card, services.cipher)
    if card is None:
        raise MediaUnavailable("the card that says where it lies cannot be read")
    found: dict[str, Reference] = {}
    for reference in references:
        if reference in continued:
            # The provider has it: neither its size nor our copy matters.
            _require_there(sources.get(reference.job or ""))
        elif (known := found.get(reference.key)) is not None:
            _require_kind(reference, known.kind)
        else:
            found[reference.key] = await _bring(services, reference, sources, card.place, job.member)
    request = job.request.with_references(found)
    if isinstance(request, ReframeVideoRequest):
        media = _media(request.source, sources)
        request = request.model_copy(update={"duration_ms": media.duration_ms})
        check_length(request)
    return request, tuple(one.file.file for one in found.values() if one.file is not None)


def _media(reference: Reference, sources: Mapping[str, Job]) -> Media:
    media = reference.file if reference.job is None else sources[reference.job].result
    assert media is not None  # noqa: S101 - it has just been brought in
    return media


async def _bring(
    services: Services, reference: Reference, sources: Mapping[str, Job], place: Place, member: str
) -> Reference:
    if reference.job is not None:
        return await _of_job(services, reference, sources.get(reference.job), member)
    if reference.file is not None and (reference.url is None or await _stored(services, reference.file)):
        return await _of_file(services, reference, reference.file, member)
    if (own := own_file(services, reference.url)) is not None:
        return await _of_own_link(services, reference, own, member)
    located = await locate(services, reference, place)
    if services.provider_facing_url is None and located.headers:
        raise MediaRefused(_UNREACHABLE)
    fetched = await _fetch(services, reference, located, member)
    _require_kind(reference, fetched.kind)
    return await _of_file(services, reference, fetched, member)


async def _of_own_link(services: Services, reference: Reference, file: str, member: str) -> Reference:
    """Take a signed link of ours for the file itself: nobody fetches anything from our own server."""
    if not await services.storage.exists(file):
        raise MediaRefused("What this link led to is no longer stored")
    media = await services.library.describe(file, member=member)
    _require_kind(reference, media.kind)
    return await _of_file(services, Reference.of(media), media, member)


def _require_kind(reference: Reference, kind: MediaKind) -> None:
    if kind is not reference.kind:
        raise MediaRefused(f"A {reference.kind} is needed here, and this is a {kind}: {_REMEDY[kind]}")


async def _stored(services: Services, media: Media) -> bool:
    return await services.storage.exists(media.file)


_REMEDY = {
    MediaKind.PICTURE: "for a picture leave out what is meant for videos",
    MediaKind.VIDEO: "/reframe takes videos with a ray model, /extend goes on from one that was made here",
}


async def _fetch(services: Services, reference: Reference, located: ResolvedFile, member: str) -> Media:
    return await services.library.bring_in(
        located.url,
        max_bytes=TAKEN_MAX_BYTES[reference.kind],
        timeout_s=services.times.input_timeout / 1000,
        vouched=bool(reference.via),
        headers=located.headers,
        member=member,
    )


async def _of_file(services: Services, reference: Reference, media: Media, member: str) -> Reference:
    if not await _stored(services, media):
        raise MediaRefused("What this builds on is no longer stored; send it again")
    usable = await services.library.as_input(media, member=member)
    if services.provider_facing_url is None:
        # The provider reads it where the person had it from, so it must be good as it lies there.
        if reference.url is None:
            raise MediaRefused(_UNREACHABLE)
        if usable != media:
            raise MediaRefused(
                "This file would have to be converted, and without REVERIE_PUBLIC_URL the provider can "
                "only read it as it is: send a JPEG, PNG or MP4"
            )
    return reference.model_copy(update={"file": usable, "kind": usable.kind})


_UNREACHABLE = (
    "The provider cannot reach files that are sent here until the operator sets REVERIE_PUBLIC_URL; "
    "an address that anybody can open works without"
)


def _require_there(source: Job | None) -> Media:
    if source is None or source.deleted or source.expired or source.result is None:
        raise MediaRefused("What this builds on has been deleted")
    return source.result


async def _of_job(services: Services, reference: Reference, source: Job | None, member: str) -> Reference:
    result = _require_there(source)
    if not await services.storage.exists(result.poster if reference.first_frame_only else result.file):
        raise MediaRefused("What this builds on is no longer stored")
    most = _SIZES[result.kind]
    if reference.first_frame_only or result.size <= most:
        return reference
    if services.provider_facing_url is None:
        raise MediaRefused(
            f"The {result.kind} has {result.size / 1e6:.0f} MB, and {most / 1e6:.0f} MB is the most"
        )
    return Reference.of(await services.library.as_input(result, member=member))
