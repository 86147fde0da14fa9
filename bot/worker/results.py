"""Completes jobs once their result is stored (T4), and retries results that cannot be stored yet.

Until then a card shows a film of the job's progress, where the provider gives one.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.domain.errors import MediaError, MediaUnavailable, ProcessingFailed
from bot.domain.generations.media import Media, MediaKind
from bot.domain.jobs.failures import Failure, FailureCategory, classify_failure, failure
from bot.domain.jobs.job import Job, State
from bot.jobs.transitions import transition_job
from bot.providers.base import Generation, GenerationState
from bot.services import Services, Topic, log
from bot.store.queue.attempts import attempts, extend_deadline, job_refs, record_preview
from bot.store.queue.cards import request_progress
from bot.store.queue.jobs import results_of_generation
from bot.store.queue.orphans import OrphanCause
from bot.timing import Timing
from bot.worker.accounts import stop_submitting

#: doublings after which the pause has long reached its limit
_DOUBLINGS_MAX = 20
#: largest preview that is fetched
_PREVIEW_MAX_BYTES = 50_000_000


@dataclass(slots=True, kw_only=True)
class _Retry:
    """Failed attempts to store one job's result."""

    #: when the file was first missing or invalid
    missing_since: int | None = None
    #: when our own processing first failed; later errors may be a consequence of our delay
    unprocessed_since: int | None = None
    tries: int = 0
    next_try_at: int = 0
    #: given up then, unless a try succeeds
    give_up_at: int = 0
    error: str = ""

    def record(self, error: MediaError, now: int, times: Timing) -> None:
        """Record a failure and schedule the next try; the pause doubles up to a limit."""
        self.error = str(error)
        if isinstance(error, ProcessingFailed):
            self.unprocessed_since = now if self.unprocessed_since is None else self.unprocessed_since
            self.give_up_at = self.unprocessed_since + times.processing_deadline
            pause_max = times.processing_retry_max
        else:
            self.missing_since = now if self.missing_since is None else self.missing_since
            self.give_up_at, pause_max = self.missing_since + times.asset_deadline, times.asset_retry_max
        self._put_off(now, times, pause_max)

    def wait(self, now: int, times: Timing, *, give_up_at: int) -> None:
        """Put off the next try while the provider still works on the file, which is no failure."""
        self.error, self.give_up_at = "still the file that is to be changed", give_up_at
        self._put_off(now, times, times.asset_retry_max)

    def _put_off(self, now: int, times: Timing, pause_max: int) -> None:
        self.next_try_at = now + min(times.asset_retry * 2 ** min(self.tries, _DOUBLINGS_MAX), pause_max)
        self.tries += 1

    @property
    def is_our_fault(self) -> bool:
        return self.unprocessed_since is not None

    @property
    def failure(self) -> Failure:
        """Why the job fails when its result is given up."""
        if self.missing_since is not None:
            return failure(FailureCategory.ASSET_LOST, self.error)
        category = FailureCategory.RESULT_UNPROCESSED if self.is_our_fault else FailureCategory.TIMEOUT
        return failure(category, self.error)


class ResultProcessor:
    """Moves the submitted jobs of one account by the state of their generation."""

    def __init__(self, services: Services) -> None:
        self._services = services
        #: by job id, results that could not be stored yet
        self._retries: dict[str, _Retry] = {}
        self._previews = Previews(services)

    def next_try_at(self, job: str) -> int | None:
        """When a result that could not be stored is tried again; None for other jobs."""
        retry = self._retries.get(job)
        return retry.next_try_at if retry is not None else None

    def keep_only(self, jobs: Collection[str]) -> None:
        """Forget all other jobs, which have ended elsewhere."""
        for ended in self._retries.keys() - jobs:
            del self._retries[ended]
        self._previews.keep_only(jobs)

    def is_as_before(self, job: Job, generation: Generation) -> bool:
        """Whether the generation still runs and nothing is to be done about it, as after most looks."""
        return (
            generation.is_running
            and generation.preview_url is None
            and job.id not in self._retries
            and self._services.clock() < job.deadline
        )

    async def process(self, job: Job, generation: Generation) -> None:
        match generation.state:
            case GenerationState.COMPLETED:
                await self._complete(job, generation)
            case GenerationState.FAILED:
                why = classify_failure(generation.failure_reason, generation.failure_category)
                provider = self._services.providers.get(job.account or "")
                if generation.stops_account and provider is not None:
                    await stop_submitting(self._services, provider, why.reason or "")
                    why = replace(why, retry_once=True)
                await self._resubmit_or_fail(job, why)
            case _:
                await self.check_deadline(job)
                await self._previews.show(job, generation)

    async def check_deadline(self, job: Job) -> None:
        """Fail the job if its generation, or the retries of its result, take too long."""
        retry, now = self._retries.get(job.id), self._services.clock()
        if retry is None:
            if job.state is State.SUBMITTED and now >= job.deadline:
                await self.fail(job, failure(FailureCategory.TIMEOUT), orphan_cause=OrphanCause.LATE)
        elif now >= retry.give_up_at:
            if retry.is_our_fault:
                log.error(
                    "result_left_to_operator",
                    job_id=job.id,
                    account=job.account,
                    generation_id=job.remote_id,
                    error=retry.error,
                )
            cause = OrphanCause.UNPROCESSED if retry.is_our_fault else OrphanCause.LATE
            await self.fail(job, retry.failure, orphan_cause=cause)

    async def fail(self, job: Job, why: Failure, *, orphan_cause: OrphanCause | None = None) -> None:
        self._retries.pop(job.id, None)
        await transition_job(
            self._services, job, State.FAILED, why.category, failure=why, orphan_cause=orphan_cause
        )

    async def _complete(self, job: Job, generation: Generation) -> None:
        """Store the result first; only then is it charged."""
        if not await self._is_current(job):
            return  # The result was stored after this request had begun.
        try:
            stored = await self._fetch(job, generation)
        except MediaError as error:
            await self._retry_later(job, error)
            return
        if await self._is_unchanged(job, stored):
            retry = self._retries.setdefault(job.id, _Retry())
            retry.wait(self._services.clock(), self._services.times, give_up_at=job.deadline)
            await self.check_deadline(job)
            return
        self._retries.pop(job.id, None)
        await transition_job(self._services, job, State.COMPLETED, "completed", result=stored)
        self._count_stored(stored.size)

    def _count_stored(self, size: int) -> None:
        """Count a stored result, and have the excess over the media budget removed."""
        usage = self._services.media_usage
        usage.add(size)
        if usage.excess:
            self._services.database.wakeups.wake(Topic.MEDIA)

    async def _is_unchanged(self, job: Job, stored: Media) -> bool:
        """Whether this is still the file that the job changes, of the same generation."""
        if job.account is None or job.remote_id is None or job.remote_id != job.edited_generation:
            return False
        earlier = await results_of_generation(self._services.database, job.account, job.remote_id)
        return stored.file in {media.file for media in earlier}

    async def _is_current(self, job: Job) -> bool:
        """Whether the job is still as it was read."""
        stored = await job_refs(self._services.database, [job.id])
        return [(job.state, job.attempt)] == [(one.state, one.attempt) for one in stored]

    async def _fetch(self, job: Job, generation: Generation) -> Media:
        if generation.asset_url is None:
            raise MediaUnavailable("completed, but without a file yet")
        settings, wanted = self._services.settings, job.request.makes
        stored = await self._services.library.fetch_and_store(
            generation.asset_url,
            max_bytes=settings.video_max_bytes if wanted is MediaKind.VIDEO else settings.picture_max_bytes,
            timeout_s=self._services.times.asset_timeout / 1000,
            from_platform=True,
        )
        if stored.kind is not wanted:
            # A video's thumbnail can be available before the video.
            raise MediaUnavailable(f"completed, but only with a {stored.kind} yet")
        return stored

    async def _retry_later(self, job: Job, error: MediaError) -> None:
        """Try again later: a partial file looks broken, and a failure of our own says nothing about it."""
        services = self._services
        retry = self._retries.setdefault(job.id, _Retry())
        was_our_fault = retry.is_our_fault
        retry.record(error, services.clock(), services.times)
        log.warning("result_not_stored", job_id=job.id, tries=retry.tries, error=repr(error))
        if retry.is_our_fault and not was_our_fault:
            # Also for the watcher after a restart: the generation has ended, and its deadline would pass.
            await services.database.transact(extend_deadline, job.id, job.attempt, deadline=retry.give_up_at)
            await services.database.transact(request_progress, [job.card], now=services.clock())
        await self.check_deadline(job)

    async def _resubmit_or_fail(self, job: Job, why: Failure) -> None:
        if why.retry_once and not await self._was_resubmitted(job):
            log.info("job_retried", job_id=job.id, category=why.category)
            # It may wait in the queue as long as a new job.
            deadline = self._services.clock() + self._services.times.queue_deadline
            await transition_job(self._services, job, State.QUEUED, "asked_once_more", deadline=deadline)
            return
        await self.fail(job, why)

    async def _was_resubmitted(self, job: Job) -> bool:
        rows = await attempts(self._services.database, [job.id])
        return any(row.remote_id and row.number < job.attempt for row in rows)


class Previews:
    """Fetches the previews of one account's jobs, each job's now and then."""

    def __init__(self, services: Services) -> None:
        self._services = services
        #: monotonic time of the last fetch, by job id
        self._fetched_at: dict[str, int] = {}

    def keep_only(self, jobs: Collection[str]) -> None:
        """Forget all other jobs, which are no longer in flight."""
        self._fetched_at = {job: at for job, at in self._fetched_at.items() if job in jobs}

    async def show(self, job: Job, generation: Generation) -> None:
        """Fetch a preview that is due, and have it shown. A failure costs the preview only."""
        services, now = self._services, self._services.monotonic()
        url, fetched_at = generation.preview_url, self._fetched_at.get(job.id)
        if url is None or job.state is not State.SUBMITTED or job.request.makes is not MediaKind.VIDEO:
            return
        if fetched_at is not None and now - fetched_at < services.times.preview_interval:
            return
        self._fetched_at[job.id] = now
        try:
            preview = await services.library.fetch_and_store(
                url,
                max_bytes=_PREVIEW_MAX_BYTES,
                timeout_s=services.times.asset_timeout / 1000,
                from_platform=True,
            )
        except MediaError as error:
            log.info("preview_not_fetched", job_id=job.id, error=repr(error))
            return
        if preview == job.preview or preview.kind is not MediaKind.VIDEO:
            return
        shown_until = services.clock() + services.times.upload_hold
        await services.database.transact(
            record_preview, job.id, job.attempt, preview, now=services.clock(), until=shown_until
        )
        services.wake(Topic.CARDS)
