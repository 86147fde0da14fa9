"""Watching: what runs at the provider is looked at until it ends, and settled when its result is ours (T4).

One process at a time looks for all replicas, by an account's lease; callbacks wake whoever they reach. Both
end in the same compare-and-set, so it does not matter who is first.
"""

import asyncio
from collections.abc import Callable

from bot.domain.durations import typical_duration
from bot.domain.errors import (
    AccountProblem,
    GenerationNotFound,
    MediaError,
    MediaUnavailable,
    ProviderError,
    RateLimited,
)
from bot.domain.failures import Failure, FailureCategory, Retry, classify_failure, failure
from bot.domain.jobs import Job, State
from bot.domain.media import Media, MediaKind
from bot.jobs.transitions import move
from bot.providers.base import Generation, GenerationState, Provider
from bot.services import Services, Topic, log
from bot.store.cards import ProgressWanted, request_progress
from bot.store.claim import Claim
from bot.store.jobs import (
    Extension,
    JobRef,
    JobsInFlight,
    Miss,
    attempts,
    duration_stats,
    extend_deadline,
    find_job,
    in_flight,
    job_refs,
    record_look,
)
from bot.store.leases import LeaseWanted, acquire_lease, release_lease
from bot.store.orphans import OrphanCause
from bot.store.rows import UNREADABLE
from bot.worker.accounts import stop
from bot.worker.media_budget import note_stored
from bot.worker.reconciliation import take_stock
from bot.worker.recovery import resolve_unknown
from bot.worker.result_faults import Trouble

PAGE = 100
#: up to so many jobs are read one by one rather than by list
_FEW = 3
#: pages of a look; what is not on them is read one by one
_PAGES = 5
#: looks at a known id that must fail before it is believed to be gone
_MISSES = 3
#: assets of one account fetched at once
_FETCHES = 8
#: part of the lease after which it is renewed
_RENEWED = 0.3
#: no look before this part of the usual duration has passed
_EARLIEST = 0.4
#: looks in a row that may fail before the others are left to the next round
_FAILURES = 3


class Watcher:
    """Watches one account."""

    def __init__(self, services: Services, provider: Provider) -> None:
        self._services = services
        self._provider = provider
        self._group = asyncio.TaskGroup()
        self._fetches = asyncio.Semaphore(_FETCHES)
        #: monotonic time of the lease's last renewal; None: it is not held
        self._renewed_at: int | None = None
        #: jobs that are being settled here
        self._settling: set[str] = set()
        #: jobs whose last look answered "not found"
        self._missed: set[str] = set()
        #: by job, what keeps its result out of our storage
        self._troubles: dict[str, Trouble] = {}
        #: monotonic time of the last callback; None: none has reached this process
        self._called_at: int | None = None

    async def run(self) -> None:
        """Look until the process stops."""
        services = self._services
        # A group is entered once, and this loop is started again when it has failed.
        self._group = asyncio.TaskGroup()
        self._settling.clear()
        async with self._group:
            async for _ in services.ticks(Topic.IN_FLIGHT, services.times.watch_interval):
                await services.guarded("watch", self._round)
                # A burst of wakeups is answered once, not once each.
                await self._pause(services.times.watch_interval // 2)
        # Another replica goes on at once, rather than when the lease ends.
        await services.guarded("watch", lambda: self._leads(flying=False))

    def _lease(self) -> LeaseWanted:
        services, now = self._services, self._services.clock()
        name = f"watch:{self._provider.account}"
        return LeaseWanted(name=name, owner=services.owner, now=now, until=now + services.times.watch_lease)

    async def _leads(self, flying: bool) -> bool:
        """Whether this process looks for all; the lease is written only while something is in flight."""
        services = self._services
        if not flying:
            if self._renewed_at is not None:
                self._renewed_at = None
                await services.database.write(release_lease, self._lease())
            return False
        now = services.monotonic()
        if self._renewed_at is not None and now - self._renewed_at < services.times.watch_lease * _RENEWED:
            return True
        taken = await services.database.write(acquire_lease, self._lease()) is not None
        self._renewed_at = now if taken else None
        return taken

    async def _pause(self, milliseconds: int) -> None:
        try:
            async with asyncio.timeout(milliseconds / 1000):
                await self._services.stopping.wait()
        except TimeoutError:
            return

    async def _round(self) -> None:
        services, provider = self._services, self._provider
        flight = await in_flight(services.database, provider.account)
        if not await self._leads(bool(flight)):
            return
        jobs = flight.jobs
        await self._end_unreadable(flight)
        unreadable = [seen for seen, _ in flight.unreadable]
        for ended in self._troubles.keys() - {job.id for job in jobs}:
            del self._troubles[ended]
        try:
            await self._look(await self._due([job for job in jobs if job.state is State.SUBMITTED]))
            running: list[Job | JobRef] = [*jobs, *unreadable]
            if unknown := [job for job in running if job.state is State.UNKNOWN]:
                await resolve_unknown(services, provider, unknown)
        except ProviderError as error:
            # Nothing is lost by a look that failed; only time passes, and deadlines count it.
            log.info("look_failed", account=provider.account, error=repr(error))
            if isinstance(error, AccountProblem):
                await stop(services, provider, str(error))
            for job in jobs:
                await self._check_deadline(job)

    async def _end_unreadable(self, flight: JobsInFlight) -> None:
        """Give back the money of jobs that run, cannot be read, and are overdue."""
        for seen, deadline in flight.unreadable:
            if seen.state is State.SUBMITTED and self._services.clock() >= deadline:
                why = failure(FailureCategory.TIMEOUT)
                await move(
                    self._services,
                    seen,
                    State.FAILED,
                    why.category,
                    failure=why,
                    orphan_cause=OrphanCause.LATE,
                )

    async def _due(self, jobs: list[Job]) -> list[Job]:
        """The jobs that may have ended by now, from what was learned of their kind."""
        now = self._services.clock()
        classes = {job.request.duration_class for job in jobs}
        learned = await duration_stats(self._services.database, classes) if classes else {}
        speed = self._services.settings.simulator_speed if self._provider.name == "simulator" else 1.0

        called = self._is_called()

        def earliest(job: Job) -> float:
            # What was learned during an outage must not put off the looks after it.
            usual = typical_duration(job.request, speed=speed)
            pace = learned.get(job.request.duration_class, usual)
            if called:
                # The end will be told; who looks before it is late asks for nothing.
                return min(pace.p95, usual.p95)
            return _EARLIEST * min(pace.p50, usual.p50)

        return [
            job
            for job in jobs
            if job.id not in self._settling
            and (
                now >= self._troubles[job.id].due
                if job.id in self._troubles
                else now - (job.submitted_at or now) >= earliest(job)
            )
        ]

    def _is_called(self) -> bool:
        """Whether callbacks have reached this process lately, so that they can be waited for."""
        lately = self._services.times.generation_deadline
        return self._called_at is not None and self._services.monotonic() - self._called_at < lately

    async def _look(self, jobs: list[Job]) -> None:
        waiting = {job.remote_id: job for job in jobs if job.remote_id and job.id not in self._troubles}
        if len(waiting) > _FEW and self._provider.capabilities.lists:
            try:
                await self._read_list(waiting)
            except AccountProblem:
                raise
            except ProviderError as error:
                log.info("list_failed", account=self._provider.account, error=repr(error))
        failures = 0
        # The address of a file may have ended, and only a look at its own generation makes a new one.
        for job in [*waiting.values(), *(job for job in jobs if job.remote_id and job.id in self._troubles)]:
            try:
                await self.look_at(job)
            except (AccountProblem, RateLimited):
                raise
            except (ProviderError, *UNREADABLE) as error:
                # What is wrong with one generation must not hide the others behind it.
                log.info("generation_not_read", job_id=job.id, error=repr(error))
                await self._check_deadline(job)
                failures += 1
                if failures == _FAILURES:
                    raise
            else:
                failures = 0

    async def _read_list(self, waiting: dict[str, Job]) -> None:
        """Read the list's first pages, and take what is found on them out of `waiting`."""
        offset = 0
        for _ in range(_PAGES):
            page = await self._provider.page(limit=PAGE, offset=offset)
            await take_stock(self._services, self._provider, page.generations)
            for generation in page.generations:
                if (job := waiting.pop(generation.id, None)) is not None:
                    await self._found(job, generation)
            # Whatever is deleted between two pages moves the border: they overlap.
            offset += PAGE - _FEW
            if not waiting or not page.has_more:
                return

    async def look_at(self, job: Job) -> None:
        """Read one generation; raises ProviderError where it cannot be read."""
        services = self._services
        assert job.remote_id is not None  # noqa: S101 - submitted jobs have one, by a constraint
        try:
            generation = await self._provider.get(job.remote_id)
        except GenerationNotFound:
            self._missed.add(job.id)
            misses, since = await services.database.write(
                record_look, Miss(job=job.id, attempt=job.attempt, now=services.clock(), found=False)
            )
            if misses >= _MISSES and services.clock() - since >= services.times.vanished_after:
                await self._fail(job, failure(FailureCategory.VANISHED))
            return
        await self._found(job, generation)

    async def _found(self, job: Job, generation: Generation) -> None:
        if job.id in self._missed:
            self._missed.discard(job.id)
            item = Miss(job=job.id, attempt=job.attempt, now=self._services.clock(), found=True)
            await self._services.database.write(record_look, item)
        self.seen(job, generation)

    def seen(self, job: Job, generation: Generation) -> None:
        """Settle a job whose generation has ended, beside everything else that goes on."""
        if job.id in self._settling:
            return
        self._settling.add(job.id)
        work: Callable[[], object] = lambda: self._settle(job, generation)  # noqa: E731 - named for the log
        self._group.create_task(self._in_turn(job, work), name=f"settle {job.id}")

    async def _in_turn(self, job: Job, work: Callable[[], object]) -> None:
        try:
            # What is fetched stays reserved until it is noted that the job needs it.
            async with self._fetches:
                with self._services.storage.reservations.keeping():
                    await self._services.guarded("settle", work)  # type: ignore[arg-type]  # a coroutine function
        finally:
            self._settling.discard(job.id)

    async def _settle(self, job: Job, generation: Generation) -> None:
        match generation.state:
            case GenerationState.COMPLETED:
                await self._complete(job, generation)
            case GenerationState.FAILED:
                await self._failed(job, classify_failure(generation.failure_reason))
            case _:
                await self._check_deadline(job)

    async def _complete(self, job: Job, generation: Generation) -> None:
        """Fetch the result into our storage first; only then is it paid."""
        if not await self._is_current(job):
            return  # This look began before the result was stored.
        try:
            stored = await self._fetch(job, generation)
        except MediaError as error:
            await self._not_taken_in(job, error)
            return
        await self._move(job, State.COMPLETED, "completed", result=stored)
        note_stored(self._services, stored.size)

    async def _is_current(self, job: Job) -> bool:
        """Whether the job is still as it was read."""
        stored = await job_refs(self._services.database, [job.id])
        return [(job.state, job.attempt)] == [(one.state, one.attempt) for one in stored]

    async def _not_taken_in(self, job: Job, error: MediaError) -> None:
        """Try again later: half a file looks like a broken one, and our own failure is no verdict on any."""
        services = self._services
        trouble = self._troubles.setdefault(job.id, Trouble())
        was_ours = trouble.ours
        trouble.note(error, services.clock(), services.times)
        log.warning("result_not_taken_in", job_id=job.id, tries=trouble.tries, error=repr(error))
        if trouble.ours and not was_ours:
            # Also for whoever watches after a restart: its generation is over, and so is that one's deadline.
            extension = Extension(job=job.id, attempt=job.attempt, deadline=trouble.until)
            await services.database.write(extend_deadline, extension)
            await services.database.write(
                request_progress, ProgressWanted(cards=[job.card], now=services.clock())
            )
        await self._check_deadline(job)

    async def _fetch(self, job: Job, generation: Generation) -> Media:
        if generation.asset_url is None:
            raise MediaUnavailable("completed, but no file is named yet")
        settings, wanted = self._services.settings, job.request.makes
        stored = await self._services.library.bring_in(
            generation.asset_url,
            max_bytes=settings.video_max_bytes if wanted is MediaKind.VIDEO else settings.picture_max_bytes,
            timeout_s=self._services.times.asset_timeout / 1000,
            vouched=True,
        )
        if stored.kind is not wanted:
            # A video's thumbnail can be there before the video is.
            raise MediaUnavailable(f"completed, but all there is is a {stored.kind}")
        return stored

    async def _failed(self, job: Job, why: Failure) -> None:
        if why.retry is Retry.ONCE and not await self._asked_before(job):
            log.info("job_asked_once_more", job_id=job.id, category=why.category)
            # It waits in line once more, as long as any other job may.
            deadline = self._services.clock() + self._services.times.queue_deadline
            await move(self._services, job, State.QUEUED, "asked_once_more", deadline=deadline)
            return
        await self._fail(job, why)

    async def _asked_before(self, job: Job) -> bool:
        rows = await attempts(self._services.database, [job.id])
        return any(row.remote_id and row.number < job.attempt for row in rows)

    async def _check_deadline(self, job: Job) -> None:
        trouble, now = self._troubles.get(job.id), self._services.clock()
        if trouble is None:
            if job.state is State.SUBMITTED and now >= job.deadline:
                await self._fail(job, failure(FailureCategory.TIMEOUT), orphan_cause=OrphanCause.LATE)
        elif now >= trouble.until:
            if trouble.ours:
                log.error(
                    "result_left_to_operator",
                    job_id=job.id,
                    account=job.account,
                    generation_id=job.remote_id,
                    error=trouble.error,
                )
            cause = OrphanCause.UNPROCESSED if trouble.ours else OrphanCause.LATE
            await self._fail(job, trouble.why, orphan_cause=cause)

    async def _fail(self, job: Job, why: Failure, *, orphan_cause: OrphanCause | None = None) -> None:
        await self._move(job, State.FAILED, why.category, failed=why, orphan_cause=orphan_cause)

    async def _move(
        self,
        job: Job,
        after: State,
        cause: str,
        *,
        result: Media | None = None,
        failed: Failure | None = None,
        orphan_cause: OrphanCause | None = None,
    ) -> None:
        self._troubles.pop(job.id, None)
        await move(
            self._services, job, after, cause, result=result, failure=failed, orphan_cause=orphan_cause
        )

    def note_callback(self) -> None:
        """Note that callbacks of this account reach this process."""
        self._called_at = self._services.monotonic()

    async def called(self, claim: Claim, generation_id: str) -> None:
        """Look at what a callback named; what it said is not believed."""
        services = self._services
        if claim.job in self._settling:
            return
        generation = await self._provider.get(generation_id)
        await take_stock(services, self._provider, [generation])
        job = await find_job(services.database, claim.job)
        if job is not None and job.state is State.SUBMITTED and job.remote_id == generation.id:
            self.seen(job, generation)
