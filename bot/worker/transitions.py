"""Moving a job, as every step of its way does it: compare, set, and wake whoever goes on."""

from typing import Protocol

from bot.domain.errors import StaleTransition
from bot.domain.failures import Failure
from bot.domain.jobs import FINAL, State
from bot.domain.media import Media
from bot.domain.requests import AnyRequest
from bot.service.durable_writes import write_until_known
from bot.services import ALL_JOBS, Services, Topic, log
from bot.store.orphans import OrphanCause
from bot.store.transition import PreparationLease, Transition
from bot.store.transition import transition as move_all


class Standing(Protocol):
    """A job as somebody has seen it."""

    @property
    def id(self) -> str: ...

    @property
    def state(self) -> State: ...

    @property
    def attempt(self) -> int: ...


async def move(
    services: Services,
    job: Standing,
    after: State,
    cause: str,
    *,
    account: str | None = None,
    remote_id: str | None = None,
    submitted_at: int | None = None,
    run_at: int | None = None,
    deadline: int | None = None,
    result: Media | None = None,
    failure: Failure | None = None,
    request: AnyRequest | None = None,
    price: int | None = None,
    files: tuple[str, ...] = (),
    never_arrived: bool = False,
    lease: PreparationLease | None = None,
    orphan_cause: OrphanCause | None = None,
    answered: bool = False,
) -> bool:
    """Move a job on from where it was seen; False where somebody else has moved it meanwhile.

    The keywords are those of `Transition`; `answered` where a person waits to be told what came of it.
    """
    item = Transition(
        job=job.id,
        before=job.state,
        attempt=job.attempt,
        after=after,
        now=services.clock(),
        cause=cause,
        account=account,
        remote_id=remote_id,
        submitted_at=submitted_at,
        run_at=run_at,
        deadline=deadline,
        result=result,
        failure=failure,
        request=request,
        price=price,
        files=files,
        never_arrived=never_arrived,
        lease=lease,
        orphan_cause=orphan_cause,
    )
    try:
        await (
            write_until_known(services, move_all, item)
            if answered
            else services.database.write(move_all, item)
        )
    except StaleTransition:
        log.info("move_came_late", job_id=job.id, after=after)
        return False
    log.info(f"job_{after}", job_id=job.id, before=job.state, attempt=job.attempt, cause=cause)
    services.wake(Topic.CARDS)
    if after is State.QUEUED or after in FINAL:
        # There is one more free place, or one more in line; who thought its lane full must know first.
        services.wake(Topic.LANE_FREE, *ALL_JOBS)
    if after in (State.SUBMITTED, State.UNKNOWN):
        services.wake(Topic.IN_FLIGHT)
    return True
