"""Submits claimed jobs to the provider, each at most once per attempt (T2, T3)."""

import random
from dataclasses import dataclass

from bot.domain.errors import (
    AccountProblem,
    NotSent,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Rejected,
)
from bot.domain.generations.models import Lane
from bot.domain.jobs.failures import Failure, FailureCategory, classify_refusal, failure
from bot.domain.jobs.job import Job, State
from bot.jobs.media import provider_inputs
from bot.jobs.transitions import transition_job
from bot.providers.base import Generation, Inputs, Provider
from bot.security.tokens import member_id
from bot.services import Services, Topic, jobs_topic, log
from bot.store.queue.attempts import JobRef
from bot.store.queue.claim import Claim, ClaimRequest, SendingRecord, claim, cool_down, record_sending
from bot.worker.accounts import request_check, start_submitting, stop_submitting
from bot.worker.leased_pool import LeasedPool
from bot.worker.reconciliation import callback_url, reconcile_answer

#: requests of one lane at once; more only slow each other down
MAX_IN_FLIGHT = 16
#: consecutive failures after which the cool-down grows no longer
_FAILURES_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _TimedClaim:
    """A claim, with the time at which it was made by both clocks."""

    claim: Claim
    #: the job as it was claimed; None where it cannot be read
    job: Job | None
    wall: int
    monotonic: int
    #: its outcome shows whether a stopped account works again
    is_trial: bool

    @property
    def ref(self) -> JobRef:
        """The job in the attempt of the claim, so that a later attempt is never moved by this one."""
        return JobRef(id=self.claim.job, state=State.SUBMITTING, attempt=self.claim.attempt)


class Submitter:
    """Submits the queued jobs of one lane of one account."""

    def __init__(self, services: Services, provider: Provider, lane: Lane) -> None:
        self._services = services
        self._provider = provider
        self._lane = lane
        #: consecutive failures after which the lane cooled down
        self._failures = 0
        self._cools_until = 0
        #: until when the lane counts as full, and the mark of `LANE_FREE` at that claim
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
            item_id=lambda claimed: claimed.claim.job,
            is_paused=self._is_full,
        )
        await pool.run()

    def _is_full(self) -> bool:
        """Whether the last claim found the lane full and no slot has become free since.

        Otherwise every accepted command would query the store in vain. Valid for a short time only, because
        time alone frees slots too.
        """
        services = self._services
        return services.monotonic() < self._full_until and self._full_at == services.database.wakeups.mark(
            Topic.LANE_FREE
        )

    async def _claim(self, count: int) -> list[_TimedClaim]:
        trials, account = self._services.trials, self._provider.account
        if account not in trials:
            return await self._claim_jobs(count, is_trial=False)
        # One lane after the other, so that one of them takes one job for a trial, and none passes it over
        # while the other finds no job.
        async with self._services.trial_lock:
            is_trial = account in trials
            claimed = await self._claim_jobs(count, is_trial=is_trial)
            if is_trial and claimed:
                trials.discard(account)
            return claimed

    async def _claim_jobs(self, count: int, *, is_trial: bool) -> list[_TimedClaim]:
        services, provider = self._services, self._provider
        now, monotonic = services.clock(), services.monotonic()
        self._full_at = services.database.wakeups.mark(Topic.LANE_FREE)
        claimed = await services.database.write(
            claim,
            ClaimRequest(
                account=provider.account,
                lane=self._lane,
                provider=provider.name,
                queue=services.queue_of(provider, self._lane),
                owner=services.owner,
                now=now,
                lease_until=now + services.times.submit_lease,
                window_start=now - services.times.lane_window,
                max_count=count,
                is_trial=is_trial,
            ),
        )
        self._full_until = monotonic + services.times.poll if claimed.full else 0
        return [
            _TimedClaim(
                claim=one, job=claimed.jobs.get(one.job), wall=now, monotonic=monotonic, is_trial=is_trial
            )
            for one in claimed.claims
        ]

    async def _submit(self, claimed: _TimedClaim) -> None:
        services, job = self._services, claimed.job
        if job is None:
            await self._requeue(claimed, "unreadable", delay_ms=services.times.unreadable_retry)
            return
        end_user = member_id(job.member, services.secrets[-1])
        media = await self._bring_inputs(claimed, job, end_user)
        if media is None:
            return
        callback = None
        if self._provider.capabilities.callbacks:
            valid_for = services.times.generation_deadline + services.times.unknown_deadline
            expires_at = claimed.wall + valid_for
            base = services.facing_urls.get(self._provider.name)
            callback = callback_url(services.signer, base, claimed.claim, expires_at=expires_at)
        is_recorded = await services.database.write(
            record_sending,
            SendingRecord(
                claim=claimed.claim,
                owner=services.owner,
                now=services.clock(),
                fingerprint=self._provider.fingerprint(job.request, media),
                has_token=callback is not None,
            ),
        )
        if not is_recorded:
            log.info("claim_lost", job_id=job.id, attempt=claimed.claim.attempt)
            return
        # A fence in the database cannot stop a request, so a process that slept since the claim must not
        # send. The wall clock notices a suspended machine; the monotonic clock ignores a changed time.
        age = max(services.clock() - claimed.wall, services.monotonic() - claimed.monotonic)
        if age >= services.times.claim_age:
            cause = "claim_too_old"
        elif reason := self._spend(job.price):
            await stop_submitting(services, self._provider, reason)
            cause = "account_stopped"
        else:
            if not await self._send(claimed, job, media, callback, end_user):
                self._spend(-job.price)
            return
        await self._requeue(claimed, cause)

    def _spend(self, price: int) -> str:
        """Take a price off what the account may spend; if that is too little, return the reason instead."""
        spendable = self._services.spendable.get(self._provider.account)
        if spendable is None:
            return ""
        if reason := spendable.shortage(price):
            return reason
        self._services.spendable[self._provider.account] = spendable.less(price)
        return ""

    async def _bring_inputs(self, claimed: _TimedClaim, job: Job, end_user: str) -> Inputs | None:
        """What the create is sent with, its files uploaded; None if it cannot be sent now or at all."""
        services = self._services
        try:
            media = await provider_inputs(services, job, self._provider)
            return await self._provider.upload(media, end_user=end_user)
        except Rejected as error:
            refused = classify_refusal(str(error))
            unreadable = failure(FailureCategory.INPUT_UNREACHABLE, str(error))
            is_moderated = refused.category is FailureCategory.MODERATION
            await self._fail(claimed, refused if is_moderated else unreadable)
        except AccountProblem as error:
            await stop_submitting(services, self._provider, str(error))
            await self._requeue(claimed, "account_stopped")
        except RateLimited as error:
            await self._cool_down(error.retry_after_ms)
            await self._requeue(claimed, "rate_limited")
        except ProviderError as error:
            log.info("input_not_ready", job_id=job.id, error=repr(error))
            await self._requeue(claimed, "input_not_ready", delay_ms=services.times.cool_down)
        return None

    async def _send(
        self, claimed: _TimedClaim, job: Job, media: Inputs, callback: str | None, end_user: str
    ) -> bool:
        """Send the one create of this attempt and record its outcome; returns whether it may have arrived."""
        claim = claimed.claim
        try:
            generation = await self._provider.submit(
                job.request,
                media=media,
                callback_url=callback,
                end_user=end_user,
            )
        except RateLimited as error:
            await self._cool_down(error.retry_after_ms)
            await self._requeue(claimed, "rate_limited")
        except AccountProblem as error:
            await stop_submitting(self._services, self._provider, str(error))
            await self._requeue(claimed, "account_stopped")
        except Rejected as error:
            why = classify_refusal(str(error))
            if why.category is FailureCategory.REJECTED:
                # A response such as 403 does not tell whether it is about the request or the account.
                request_check(self._services, self._provider)
            await self._fail(claimed, why)
        except OutcomeUnknown as error:
            log.warning("outcome_unknown", job_id=claim.job, attempt=claim.attempt, error=str(error))
            await transition_job(self._services, claimed.ref, State.UNKNOWN, "outcome_unknown")
            return True
        except NotSent as error:
            log.info("request_not_sent", job_id=claim.job, error=str(error))
            await self._cool_down(None)
            await self._requeue(claimed, "not_sent")
        else:
            self._failures = 0
            if claimed.is_trial:
                await start_submitting(self._services, self._provider)
            await self._record_submitted(claimed, generation)
            return True
        return False

    async def _record_submitted(self, claimed: _TimedClaim, generation: Generation) -> None:
        now = self._services.clock()
        moved = await transition_job(
            self._services,
            claimed.ref,
            State.SUBMITTED,
            "submitted",
            remote_id=generation.id,
            submitted_at=now,
            deadline=now + self._services.times.generation_deadline,
        )
        if not moved:
            # Another process has adopted it meanwhile, or has given the attempt up: then it is an orphan.
            await reconcile_answer(self._services, generation, claimed.claim)

    async def _cool_down(self, retry_after_ms: int | None) -> None:
        """Pause the lane as long as the provider asks, else longer with every consecutive failure."""
        times, now = self._services.times, self._services.clock()
        if now >= self._cools_until:
            # Requests that failed together count as one failure.
            self._failures += 1
        growing = times.cool_down * 2 ** min(self._failures - 1, _FAILURES_MAX)
        # Replicas that failed together must not retry together.
        jittered = round(growing * random.uniform(0.75, 1.25))  # noqa: S311 - no secret
        self._cools_until = now + min(retry_after_ms or jittered, times.cool_down_max)
        await self._services.database.transact(
            cool_down, self._provider.account, self._lane, until=self._cools_until
        )

    async def _requeue(self, claimed: _TimedClaim, cause: str, *, delay_ms: int = 0) -> None:
        """Put a job whose request did not arrive back at its position in the queue."""
        run_at = self._services.clock() + delay_ms if delay_ms else None
        await transition_job(
            self._services, claimed.ref, State.QUEUED, cause, never_arrived=True, run_at=run_at
        )

    async def _fail(self, claimed: _TimedClaim, why: Failure) -> None:
        await transition_job(
            self._services, claimed.ref, State.FAILED, why.category, never_arrived=True, failure=why
        )
