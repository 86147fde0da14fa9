"""Watches jobs in flight until their generation ends.

One process at a time polls an account for all replicas, by a lease. A callback wakes the process that it
reaches. Both end in the same compare-and-set, so that it does not matter which is first.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.domain.errors import (
    AccountProblem,
    GenerationNotFound,
    ProviderError,
    RateLimited,
)
from bot.domain.generations.estimates import DurationStats, typical_duration
from bot.domain.generations.media import MediaKind
from bot.domain.generations.requests import AnyRequest
from bot.domain.jobs.failures import FailureCategory, failure
from bot.domain.jobs.job import Job, State
from bot.jobs.transitions import transition_job
from bot.providers.base import Generation, Page, Provider
from bot.services import Services, Topic, log
from bot.store.queue.attempts import (
    Attempt,
    JobRef,
    JobsInFlight,
    generations_since,
    in_flight,
    record_look,
)
from bot.store.queue.claim import Claim, acquire_lease, release_lease
from bot.store.queue.jobs import jobs_by_id
from bot.store.queue.orphans import OrphanCause
from bot.store.queue.queue_stats import duration_stats
from bot.store.rows import UNREADABLE
from bot.worker.accounts import stop_submitting
from bot.worker.reconciliation import (
    PAGE_SIZE,
    PAGE_STEP,
    adopt_changed,
    list_pages,
    reconcile,
    resolve_unknown,
)
from bot.worker.results import ResultProcessor

#: up to so many jobs are read one by one rather than by list
_SINGLE_READS = 3
#: pages of the list read in one tick besides those that the jobs fill; others are read one by one
_PAGES = 5
#: places in the list by which a generation may be off: requests are answered in another order than claimed
_UNCERTAIN = 20
#: "not found" answers for a known id after which it is believed
_MISSES = 3
#: results of one account fetched at once
_FETCHES = 8
#: part of the lease after which it is renewed
_RENEWED_AFTER = 0.3
#: no request before this part of the usual duration has passed
_EARLIEST = 0.4
#: consecutive failures after which the remaining jobs are left to the next tick
_FAILURES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedGeneration:
    """A generation that a callback names, and the attempt whose callback that is."""

    id: str
    attempt: Attempt


class Watcher:
    """Watches the jobs in flight of one account."""

    def __init__(self, services: Services, provider: Provider) -> None:
        self._services = services
        self._provider = provider
        self._group = asyncio.TaskGroup()
        self._results = ResultProcessor(services)
        self._fetches = asyncio.Semaphore(_FETCHES)
        #: monotonic time of the lease's last renewal; None: it is not held
        self._renewed_at: int | None = None
        #: the jobs in flight, as last read
        self._in_flight: Sequence[Job] = ()
        #: ids of jobs whose generation is being processed here
        self._processing: set[str] = set()
        #: ids of jobs whose last request was answered with "not found"
        self._missed: set[str] = set()
        #: monotonic time of the last callback that reached this process
        self._callback_at: int | None = None

    async def run(self) -> None:
        """Watch until the process stops."""
        services = self._services
        # A TaskGroup can be entered only once, and this loop is restarted after a failure.
        self._group = asyncio.TaskGroup()
        self._processing.clear()
        # A burst of wakeups causes one tick. The pause is part of the interval.
        pause = services.times.watch_interval // 2
        async with self._group:
            async for _ in services.ticks(Topic.IN_FLIGHT, services.times.watch_interval - pause):
                await services.guarded("watch", self._tick)
                await self._pause(pause)
        # Another replica can continue at once, rather than when the lease ends.
        await services.guarded("watch", lambda: self._holds_lease(has_jobs=False))

    async def _holds_lease(self, has_jobs: bool) -> bool:
        """Whether this process polls for all replicas; takes the lease only while jobs are in flight."""
        services, lease = self._services, f"watch:{self._provider.account}"
        if not has_jobs:
            if self._renewed_at is not None:
                self._renewed_at = None
                await services.database.transact(release_lease, lease, owner=services.owner)
            return False
        now = services.monotonic()
        if (
            self._renewed_at is not None
            and now - self._renewed_at < services.times.watch_lease * _RENEWED_AFTER
        ):
            return True
        start = services.clock()
        until = start + services.times.watch_lease
        fence = await services.database.transact(
            acquire_lease, lease, owner=services.owner, now=start, until=until
        )
        self._renewed_at = now if fence is not None else None
        return fence is not None

    async def _pause(self, milliseconds: int) -> None:
        try:
            async with asyncio.timeout(milliseconds / 1000):
                await self._services.stopping.wait()
        except TimeoutError:
            return

    async def _tick(self) -> None:
        services, provider = self._services, self._provider
        flight = await in_flight(services.database, provider.account, known=self._in_flight)
        self._in_flight = flight.jobs
        if not await self._holds_lease(bool(flight)):
            return
        jobs = flight.jobs
        await self._fail_unreadable(flight)
        unreadable = [ref for ref, _ in flight.unreadable]
        self._results.keep_only({job.id for job in jobs})
        try:
            await self._poll(await self._due([job for job in jobs if job.state is State.SUBMITTED]))
            running: list[Job | JobRef] = [*jobs, *unreadable]
            if unknown := [job for job in running if job.state is State.UNKNOWN]:
                await resolve_unknown(services, provider, unknown)
        except ProviderError as error:
            # Nothing is lost by a failed request; deadlines count the time.
            log.info("poll_failed", account=provider.account, error=repr(error))
            if isinstance(error, AccountProblem):
                await stop_submitting(services, provider, str(error))
            for job in jobs:
                await self._results.check_deadline(job)

    async def _fail_unreadable(self, flight: JobsInFlight) -> None:
        """Fail overdue jobs in flight whose row cannot be read, with a refund."""
        for ref, deadline in flight.unreadable:
            if ref.state is State.SUBMITTED and self._services.clock() >= deadline:
                why = failure(FailureCategory.TIMEOUT)
                await transition_job(
                    self._services,
                    ref,
                    State.FAILED,
                    why.category,
                    failure=why,
                    orphan_cause=OrphanCause.LATE,
                )

    async def _due(self, jobs: list[Job]) -> list[Job]:
        """The jobs that may have ended by now, judging by the learned duration of their kind."""
        now = self._services.clock()
        classes = {job.request.duration_class: job.request for job in jobs}
        learned = await duration_stats(self._services.database, classes) if classes else {}
        callbacks_arrive = self._callbacks_arrive()
        earliest = {
            name: self._earliest(request, learned.get(name), callbacks_arrive=callbacks_arrive)
            for name, request in classes.items()
        }
        return [
            job
            for job in jobs
            if job.id not in self._processing
            and (
                now >= retry_at
                if (retry_at := self._results.next_try_at(job.id)) is not None
                else now - (job.submitted_at or now) >= earliest[job.request.duration_class]
            )
        ]

    def _earliest(
        self, request: AnyRequest, learned: DurationStats | None, *, callbacks_arrive: bool
    ) -> float:
        """Milliseconds from its submission after which a job with this request may have ended."""
        is_simulator = self._provider.name == "simulator"
        # Durations learned during an outage must not delay the requests after it.
        typical = typical_duration(
            request, speed=self._services.settings.simulator_speed if is_simulator else 1.0
        )
        stats = learned or typical
        # The built-in simulator is asked without a network, and its answer may have a preview.
        is_free = is_simulator and request.makes is MediaKind.VIDEO
        if callbacks_arrive and not is_free:
            # A callback will report the end; polling is only needed for a late one.
            return min(stats.p95, typical.p95)
        return _EARLIEST * min(stats.p50, typical.p50)

    def _callbacks_arrive(self) -> bool:
        """Whether callbacks have reached this process recently, so that it can wait for them."""
        recently = self._services.times.generation_deadline
        return self._callback_at is not None and self._services.monotonic() - self._callback_at < recently

    async def _poll(self, jobs: list[Job]) -> None:
        retried = [job for job in jobs if self._results.next_try_at(job.id) is not None]
        fresh = [job for job in jobs if self._results.next_try_at(job.id) is None]
        waiting = {job.id: job for job in fresh if job.remote_id}
        if len(waiting) > _SINGLE_READS and self._provider.capabilities.lists:
            try:
                await self._read_list(waiting)
            except AccountProblem:
                raise
            except ProviderError as error:
                log.info("list_failed", account=self._provider.account, error=repr(error))
        failures = 0
        # The URL of a retried result may have expired; only a GET of its generation returns a new one.
        for job in [*waiting.values(), *retried]:
            try:
                await self.read(job)
            except (AccountProblem, RateLimited):
                raise
            except (ProviderError, *UNREADABLE) as error:
                # A fault of one generation must not hide the others behind it.
                log.info("generation_not_read", job_id=job.id, error=repr(error))
                await self._results.check_deadline(job)
                failures += 1
                if failures == _FAILURES:
                    raise
            else:
                failures = 0

    async def _read_list(self, waiting: dict[str, Job]) -> None:
        """Read the first pages of the list, and remove the jobs that are found there from `waiting`."""
        # Several jobs have one generation if they change it.
        jobs: dict[str | None, list[str]] = defaultdict(list)
        for job in waiting.values():
            jobs[job.remote_id].append(job.id)
        async for page in list_pages(self._provider, count=_PAGES + len(waiting) // PAGE_STEP):
            await reconcile(self._services, self._provider, page.generations)
            for generation in page.generations:
                for found in jobs.pop(generation.id, ()):
                    await self._handle(waiting.pop(found), generation)
            if not waiting:
                return

    async def read(self, job: Job) -> None:
        """Read one generation; raises ProviderError if it cannot be read."""
        services = self._services
        assert job.remote_id is not None  # noqa: S101 - submitted jobs have one, by a constraint
        try:
            generation = await self._provider.get(job.remote_id)
        except GenerationNotFound:
            self._missed.add(job.id)
            misses, since = await services.database.transact(
                record_look, job.id, job.attempt, found=False, now=services.clock()
            )
            if misses >= _MISSES and services.clock() - since >= services.times.vanished_after:
                await self._results.fail(job, failure(FailureCategory.VANISHED))
            return
        await self._handle(job, generation)

    async def _handle(self, job: Job, generation: Generation) -> None:
        if job.id in self._missed:
            self._missed.discard(job.id)
            await self._services.database.transact(
                record_look, job.id, job.attempt, found=True, now=self._services.clock()
            )
        self.process(job, generation)

    def process(self, job: Job, generation: Generation) -> None:
        """Process the state of a job's generation in a task of its own, unless it says nothing new."""
        if job.id in self._processing or self._results.is_as_before(job, generation):
            return
        self._processing.add(job.id)
        self._group.create_task(self._run_process(job, generation), name=f"process {job.id}")

    async def _run_process(self, job: Job, generation: Generation) -> None:
        try:
            # The fetched file stays reserved until the store knows that the job refers to it.
            async with self._fetches, self._services.storage.reservations.keeping():
                await self._services.guarded(
                    "process result", partial(self._results.process, job, generation)
                )
        finally:
            self._processing.discard(job.id)

    def record_callback(self) -> None:
        """Record that callbacks of this account reach this process."""
        self._callback_at = self._services.monotonic()

    async def handle_callbacks(self, named: Sequence[NamedGeneration]) -> None:
        """Read the generations that callbacks name; what they say is not trusted."""
        services, provider = self._services, self._provider
        named = [one for one in named if one.attempt.job not in self._processing]
        found = await self._read_named(named)
        await reconcile(services, provider, list(found.values()))
        jobs = await jobs_by_id(services.database, [one.attempt.job for one in named])
        for one in named:
            generation = found.get(one.id)
            if generation is None:
                continue
            if one.attempt.changes(generation.id):
                claim = Claim(job=one.attempt.job, attempt=one.attempt.number)
                await adopt_changed(services, generation, claim)
                jobs |= await jobs_by_id(services.database, [claim.job])
            job = jobs.get(one.attempt.job)
            if job is not None and job.state is State.SUBMITTED and job.remote_id == generation.id:
                self.process(job, generation)

    async def _read_named(self, named: Sequence[NamedGeneration]) -> dict[str, Generation]:
        """Those that can be read now, by id: many by one request of the list, the rest one by one."""
        found: dict[str, Generation] = {}
        if len(named) > _SINGLE_READS and self._provider.capabilities.lists:
            try:
                page = await self._page_with([one.attempt for one in named])
            except ProviderError as error:
                log.info("list_failed", account=self._provider.account, error=repr(error))
            else:
                # The list may be behind: a generation that still runs there is read by itself.
                ended = {one.id: one for one in page.generations if not one.is_running}
                found = {one.id: ended[one.id] for one in named if one.id in ended}
        for one in named:
            if one.id in found:
                continue
            try:
                found[one.id] = await self._provider.get(one.id)
            except ProviderError as error:
                log.info("generation_not_read", job_id=one.attempt.job, error=repr(error))
                if isinstance(error, AccountProblem | RateLimited):
                    break
        return found

    async def _page_with(self, attempts: Sequence[Attempt]) -> Page:
        """The page of the list that should have the generations of these attempts, by how many are newer."""
        claimed = [one.claimed_at for one in attempts]
        account = self._provider.account
        newer, until = await generations_since(
            self._services.database, account, oldest=min(claimed), newest=max(claimed)
        )
        offset = max(0, newer - _UNCERTAIN)
        limit = min(PAGE_SIZE, until - offset + _UNCERTAIN)
        return await self._provider.page(limit=limit, offset=offset)
