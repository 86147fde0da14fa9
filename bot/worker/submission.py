"""Submitting: claimed jobs leave for the provider, each at most once per attempt (T2, T3)."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.errors import (
    AccountProblem,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Rejected,
)
from bot.domain.failures import Failure, FailureCategory, classify_refusal, failure
from bot.domain.jobs import State
from bot.domain.models import Lane
from bot.domain.requests import AnyRequest
from bot.jobs.media_urls import source_addresses
from bot.jobs.transitions import move
from bot.providers.base import Generation, Provider
from bot.services import Services, Topic, jobs_topic, log, queue_name
from bot.store.claim import Claim, ClaimRequest, CoolDown, SendingRecord, claim, cool_down, record_sending
from bot.store.jobs import JobRef, find_job
from bot.worker.accounts import doubt, stop
from bot.worker.callback_tokens import callback_url
from bot.worker.leased_pool import LeasedPool
from bot.worker.reconciliation import claim_answer

#: requests of one lane at once; more only slow each other down
MAX_IN_FLIGHT = 16
#: setbacks in a row after which the lane rests no longer than before
_SETBACKS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A claim, and when it was made by both clocks."""

    claim: Claim
    wall: int
    monotonic: int

    @property
    def seen(self) -> JobRef:
        """The job as it was claimed: a later owner's attempt is never moved by this one."""
        return JobRef(id=self.claim.job, state=State.SUBMITTING, attempt=self.claim.attempt)


class Submitter:
    """Submits what waits for one lane of one account."""

    def __init__(self, services: Services, provider: Provider, lane: Lane) -> None:
        self._services = services
        self._provider = provider
        self._lane = lane
        #: requests in a row that the provider did not take
        self._setbacks = 0
        self._rests_until = 0
        #: until when the lane counts as full, and how many places had become free by then
        self._full_until, self._full_at = 0, 0

    async def run(self) -> None:
        """Submit until the process stops and every request that was sent has its answer."""
        pool = LeasedPool(
            self._services,
            "submit",
            topic=jobs_topic(self._lane),
            max_in_flight=MAX_IN_FLIGHT,
            lease=self._claim,
            work=self._submit,
            item_id=lambda held: held.claim.job,
            is_paused=self._is_full,
        )
        await pool.run()

    def _is_full(self) -> bool:
        """Whether the lane was full and no place became free since; time alone frees some, so not for long.

        Every command that is accepted meanwhile would else ask the store in vain.
        """
        services = self._services
        return services.monotonic() < self._full_until and self._full_at == services.database.wakeups.mark(
            Topic.LANE_FREE
        )

    async def _claim(self, count: int) -> list[_Held]:
        services, provider = self._services, self._provider
        now, monotonic = services.clock(), services.monotonic()
        self._full_at = services.database.wakeups.mark(Topic.LANE_FREE)
        claimed = await services.database.write(
            claim,
            ClaimRequest(
                account=provider.account,
                lane=self._lane,
                provider=provider.name,
                queue=queue_name(provider.name, self._lane),
                owner=services.owner,
                now=now,
                lease_until=now + services.times.submit_lease,
                window_start=now - services.times.lane_window,
                most=count,
            ),
        )
        self._full_until = monotonic + services.times.poll if claimed.full else 0
        return [_Held(claim=one, wall=now, monotonic=monotonic) for one in claimed.claims]

    async def _submit(self, held: _Held) -> None:
        services = self._services
        job = await find_job(services.database, held.claim.job)
        if job is None:
            await self._give_back(held, "unreadable", delay_ms=services.times.unreadable_retry)
            return
        if (job.state, job.attempt) != (State.SUBMITTING, held.claim.attempt):
            log.info("claim_lost", job_id=held.claim.job, attempt=held.claim.attempt)
            return
        try:
            media = await source_addresses(services, job)
        except Rejected as error:
            await self._fail(held, failure(FailureCategory.INPUT_UNREACHABLE, str(error)))
            return
        except ProviderError as error:
            log.info("input_not_ready", job_id=job.id, error=repr(error))
            await self._give_back(held, "input_not_ready", delay_ms=services.times.cool_down)
            return
        marker = None
        if self._provider.capabilities.callbacks:
            lasts = services.times.generation_deadline + services.times.unknown_deadline
            marker = callback_url(services, held.claim, expires_at=held.wall + lasts)
        mine = await services.database.write(
            record_sending,
            SendingRecord(
                claim=held.claim,
                owner=services.owner,
                now=services.clock(),
                fingerprint=self._provider.fingerprint(job.request, media),
                marked=marker is not None,
            ),
        )
        if not mine:
            return
        # A fence in the database cannot stop a request. Whoever slept since the claim must not send: by the
        # wall clock, which sees a suspended machine, and the monotonic one, which no set time fools.
        age = max(services.clock() - held.wall, services.monotonic() - held.monotonic)
        if age >= services.times.claim_age:
            await self._give_back(held, "claim_too_old")
            return
        await self._send(held, job.request, media, marker)

    async def _send(
        self, held: _Held, request: AnyRequest, media: Mapping[str, str], marker: str | None
    ) -> None:
        """Send the one request of this attempt, and note what became of it."""
        claim = held.claim
        try:
            generation = await self._provider.submit(request, media=media, callback_url=marker)
        except RateLimited as error:
            await self._cool_down(error.retry_after_ms)
            await self._give_back(held, "rate_limited")
        except AccountProblem as error:
            await stop(self._services, self._provider, str(error))
            await self._give_back(held, "account_stopped")
        except Rejected as error:
            why = classify_refusal(str(error))
            if why.category is FailureCategory.REJECTED:
                # An answer such as 403 does not tell whether it is about the request or the account.
                doubt(self._services, self._provider)
            await self._fail(held, why)
        except OutcomeUnknown as error:
            log.warning("outcome_unknown", job_id=claim.job, attempt=claim.attempt, error=str(error))
            await move(self._services, held.seen, State.UNKNOWN, "outcome_unknown")
        except NotSent as error:
            log.info("request_not_sent", job_id=claim.job, error=str(error))
            await self._cool_down(None)
            await self._give_back(held, "not_sent")
        else:
            self._setbacks = 0
            await self._taken(held, generation)

    async def _taken(self, held: _Held, generation: Generation) -> None:
        now = self._services.clock()
        taken = await move(
            self._services,
            held.seen,
            State.SUBMITTED,
            "submitted",
            remote_id=generation.id,
            submitted_at=now,
            deadline=now + self._services.times.generation_deadline,
        )
        if not taken:
            # Somebody else adopted it meanwhile, or gave the attempt up: then it is an orphan.
            await claim_answer(self._services, generation, held.claim)

    async def _cool_down(self, asked_ms: int | None) -> None:
        """Let the lane rest: as long as the provider asks, else longer with every setback in a row."""
        times, now = self._services.times, self._services.clock()
        if now >= self._rests_until:
            # What was refused together is one setback.
            self._setbacks += 1
        growing = times.cool_down * 2 ** min(self._setbacks - 1, _SETBACKS_MAX)
        # Replicas that were refused together must not come back together.
        jittered = round(growing * random.uniform(0.75, 1.25))  # noqa: S311 - no secret
        self._rests_until = now + min(asked_ms or jittered, times.cool_down_max)
        item = CoolDown(account=self._provider.account, lane=self._lane, until=self._rests_until)
        await self._services.database.write(cool_down, item)

    async def _give_back(self, held: _Held, cause: str, *, delay_ms: int = 0) -> None:
        """Put a job whose request did not arrive back into its place in the queue."""
        run_at = self._services.clock() + delay_ms if delay_ms else None
        await move(self._services, held.seen, State.QUEUED, cause, never_arrived=True, run_at=run_at)

    async def _fail(self, held: _Held, why: Failure) -> None:
        await move(self._services, held.seen, State.FAILED, why.category, never_arrived=True, failure=why)
